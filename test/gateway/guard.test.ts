import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { errorIn } from "../support/client.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint();
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

const portOf = (base: string) => new URL(base).port;

/** Asks the gateway and the admin listener, and expects the same refusal from both. */
async function refused(headers: (port: string) => readonly string[], code: string, target = "/v1/models") {
  const { base } = it.gateway;
  const [gateway, admin] = [
    await it.gateway.ask({ target, headers: headers(portOf(base)) }),
    await it.gateway.admin("/metrics", headers(portOf(it.gateway.app.admin))),
  ];
  expect([gateway.status, errorIn(gateway).code]).toEqual([403, code]);
  expect(admin.status).toBe(403);
  expect(admin.text).not.toContain("# HELP");
  expect(it.upstream.exchanges).toEqual([]);
}

describe("DNS rebinding: a Host that is not the listener's own is refused on every path", () => {
  const hosts: Record<string, (port: string) => string> = {
    "another name": () => "evil.test",
    "another name with our port": (port) => `evil.test:${port}`,
    "a name that begins like ours": (port) => `localhost.evil.test:${port}`,
    "a name that ends like ours": (port) => `evil-localhost:${port}`,
    "user information": (port) => `evil@127.0.0.1:${port}`,
    "all addresses": (port) => `0.0.0.0:${port}`,
    "an empty one": () => "",
  };
  for (const [name, host] of Object.entries(hosts))
    test(name, () => refused((port) => [`Host: ${host(port)}`], "host_not_allowed"));

  test("on paths that do not exist as well", () =>
    refused(() => ["Host: evil.test"], "host_not_allowed", "/nosuch/v1/x"));

  test("the listener's own names pass", async () => {
    const port = portOf(it.gateway.base);
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`, `[::1]:${port}`]) {
      const answer = await it.gateway.ask({ target: "/v1/models", headers: [`Host: ${host}`] });
      expect(answer.status, host).toBe(200);
    }
  });

  test("a request without a Host is refused", async () => {
    const answer = await it.gateway.ask("GET /v1/models HTTP/1.1\r\n\r\n");
    expect([400, 403]).toContain(answer.status);
    const old = await it.gateway.ask("GET /v1/models HTTP/1.0\r\n\r\n");
    expect([400, 403]).toContain(old.status);
    expect(it.upstream.exchanges).toEqual([]);
  });

  test("two Hosts are refused, whichever is right", async () => {
    const right = `Host: ${new URL(it.gateway.base).host}`;
    for (const headers of [
      [right, "Host: evil.test"],
      ["Host: evil.test", right],
      [right, right],
    ]) {
      const answer = await it.gateway.ask({ target: "/v1/models", headers });
      expect([400, 403]).toContain(answer.status);
    }
    expect(it.upstream.exchanges).toEqual([]);
  });
});

describe("requests from web pages are refused", () => {
  const headers: Record<string, string> = {
    "a foreign Origin": "Origin: https://evil.test",
    "an opaque Origin": "Origin: null",
    "an Origin of another port": "Origin: http://127.0.0.1:1",
    "Sec-Fetch-Site: cross-site": "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site": "Sec-Fetch-Site: same-site",
  };
  for (const [name, header] of Object.entries(headers))
    test(name, () => refused(() => [header], "origin_not_allowed"));

  test("a preflight gets no permission", async () => {
    const answer = await it.gateway.ask({
      method: "OPTIONS",
      target: "/v1/chat/completions",
      headers: ["Origin: https://evil.test", "Access-Control-Request-Method: POST"],
    });
    expect(answer.status).toBe(403);
    expect(JSON.stringify(answer.headers).toLowerCase()).not.toContain("access-control-allow");
  });

  test("a typed address and a program pass", async () => {
    const answer = await it.gateway.ask({ target: "/v1/models", headers: ["Sec-Fetch-Site: none"] });
    expect(answer.status).toBe(200);
  });
});
