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

describe("what a page can send without asking first is refused as a body", () => {
  const post = (headers: readonly string[], body = "{}") =>
    it.gateway.ask({ method: "POST", target: "/v1/chat/completions", headers, body });
  for (const type of [
    "text/plain",
    "Text/Plain; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/plain ;application/json",
  ])
    test(type, async () => {
      const answer = await post([`Content-Type: ${type}`]);
      expect([answer.status, errorIn(answer).code]).toEqual([415, "content_type_not_allowed"]);
      expect(errorIn(answer).message).toContain("-H 'content-type: application/json'");
      expect(it.upstream.exchanges).toEqual([]);
    });
  for (const mark of ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Site: none", "Referer: http://localhost:3000/"])
    test(`a body without a type, from a browser: ${mark}`, async () => {
      const answer = await post([mark]);
      expect([answer.status, errorIn(answer).code]).toEqual([415, "content_type_not_allowed"]);
      expect(it.upstream.exchanges).toEqual([]);
    });
  test("programs' bodies pass: JSON, forms with parts, other types, and none", async () => {
    for (const headers of [
      ["Content-Type: application/json"],
      ["Content-Type: multipart/form-data; boundary=x"],
      ["Content-Type: application/octet-stream"],
      [],
    ])
      expect((await post(headers)).status, headers.join()).toBe(200);
  });
});

describe("names that the configuration allows", () => {
  let named: PrivateEndpoint;
  beforeAll(async () => {
    named = await startPrivateEndpoint({
      settings: { "allow-hosts": ["host.docker.internal", "postern:8080"] },
    });
  });
  afterAll(() => named[Symbol.asyncDispose]());
  const as = async (host: string): Promise<number> =>
    (await named.gateway.ask({ target: "/v1/models", headers: [`Host: ${host}`] })).status;

  test("are the listener's own, with any port or the one that was given", async () => {
    for (const host of ["host.docker.internal", "Host.Docker.Internal:1234", "postern:8080", "localhost"])
      expect(await as(host), host).toBe(200);
  });
  test("others are not", async () => {
    for (const host of [
      "postern",
      "postern:8081",
      "docker.internal",
      "x.host.docker.internal",
      "host.docker.internal.evil.test",
      "host.docker.internal:80:80",
    ])
      expect(await as(host), host).toBe(403);
  });
  test("the admin listener does not know them", async () => {
    expect((await named.gateway.admin("/metrics", ["Host: host.docker.internal"])).status).toBe(403);
  });
});
