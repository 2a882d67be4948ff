import { writeFileSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { certificate, put } from "../support/gateway.ts";
import { anotherClient } from "../support/pki.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let it: PrivateEndpoint;
beforeEach(async () => {
  it = await startPrivateEndpoint();
  it.upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.json({ certificate: exchange.certificate });
  };
});
afterEach(() => it[Symbol.asyncDispose]());

const presented = async (): Promise<string> => (await it.gateway.ask({ target: "/v1/x" })).text;

describe("an item that is removed while the gateway serves", () => {
  test("is used by no new request from then on, and the error names it", async () => {
    expect(await presented()).toContain("client.gen-cert.test");
    await it.gateway.vault.remove("gen-cert");
    const answer = await eventually(async () => {
      const answer = await it.gateway.ask({ target: "/v1/x" });
      expect(answer.status).toBe(503);
      return answer;
    });
    expect(errorIn(answer)).toMatchObject({ code: "credential_missing", type: "authentication_error" });
    expect(errorIn(answer).message).toContain("gen-cert");
    it.upstream.forget();
    const open = it.upstream.open;
    for (const target of ["/v1/x", "/private/v1/x", "/private/raw/x", "/v1/models"])
      expect((await it.gateway.ask({ target })).status).toBe(503);
    expect(it.upstream.exchanges).toEqual([]);
    expect(it.upstream.open).toBeLessThanOrEqual(open);
  });

  test("is used again when it is back", async () => {
    await it.gateway.vault.remove("gen-cert");
    await eventually(async () => expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(503));
    await put(it.gateway.vault, "gen-cert", certificate(it.pki.client));
    await eventually(async () => expect(await presented()).toContain("client.gen-cert.test"));
  });

  test("lets a stream in flight go on to its end", async () => {
    it.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    client.send({ target: "/v1/x" });
    const head = await client.head();
    const exchange = await arrival;
    await it.gateway.vault.remove("gen-cert");
    await eventually(async () => expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(503));
    await exchange.write("2\r\ncd\r\n0\r\n\r\n");
    const pieces: Buffer[] = [];
    for await (const piece of client.body(head)) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe("abcd");
    // And then its connection is closed, not kept for anybody.
    await exchange.closed;
    client.leave();
  });
});

test("a certificate that is replaced is presented on the next request, on no kept or resumed connection of the old one", async () => {
  expect(await presented()).toContain("client.gen-cert.test");
  const next = await anotherClient(it.pki, "client.rotated.test");
  await it.gateway.vault.remove("gen-cert");
  await put(it.gateway.vault, "gen-cert", certificate(next));
  await eventually(async () => expect(await presented()).toContain("client.rotated.test"));
  for (let i = 0; i < 5; i += 1) expect(await presented()).toContain("client.rotated.test");
});

describe("a vault that becomes unreadable while the gateway serves", () => {
  const damages: Record<string, (bytes: Buffer) => Buffer> = {
    truncated: (bytes) => bytes.subarray(0, bytes.length / 2),
    emptied: () => Buffer.alloc(0),
    "overwritten with text": () => Buffer.from("not a vault"),
  };
  for (const [name, damage] of Object.entries(damages))
    test(`${name}: the last good content stays in force, and the log says so without a secret`, async () => {
      const { file } = it.gateway.vault;
      const good = readFileSync(file);
      writeFileSync(file, damage(good));
      await eventually(() => expect(it.gateway.log.text).toContain("is damaged"));
      expect(await presented()).toContain("client.gen-cert.test");
      writeFileSync(file, good);
      await it.gateway.vault.refresh();
      await it.gateway.vault.remove("gen-cert");
      await eventually(async () => expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(503));
    });
});

test("a redirect is not followed, to another origin or to the endpoint's own", async () => {
  for (const location of [
    "https://evil.test/x",
    `${it.upstream.origin}/openai/v1/other`,
    "/openai/v1/other",
  ]) {
    it.upstream.forget();
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write(
        `HTTP/1.1 307 Temporary Redirect\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`,
      );
    };
    const answer = await it.gateway.ask({ method: "POST", target: "/v1/x", body: "{}" });
    expect([answer.status, it.upstream.exchanges.length]).toEqual([307, 1]);
    expect(answer.headers).toContainEqual(["Location", location]);
  }
});

test("the destination comes from the configuration alone, whatever the request says", async () => {
  const headers = [
    "X-Forwarded-Host: evil.test",
    "X-Upstream: https://evil.test",
    "Forwarded: host=evil.test",
    "X-Original-URL: /admin",
  ];
  expect(
    (await it.gateway.ask({ target: "/v1/x?url=https://evil.test&host=evil.test", headers })).status,
  ).toBe(200);
  expect(it.upstream.exchanges.length).toBe(1);
});
