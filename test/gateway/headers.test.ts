import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { bearer } from "../support/gateway.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { valuesOf } from "../support/wire.ts";

const token = "canary-bearer-headers-51c0";
let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint({
    endpoint: { credentials: ["gen-cert", "token"] },
    items: { token: bearer(token) },
  });
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

/** Sends these headers, and returns those that arrived. */
async function arrived(
  headers: readonly string[],
  target = "/v1/x",
): Promise<readonly (readonly [string, string])[]> {
  const answer = await it.gateway.ask({ target, headers });
  expect(answer.status).toBe(200);
  return it.upstream.exchanges[0]?.head.headers ?? [];
}

const namesOf = (headers: readonly (readonly [string, string])[]) =>
  headers.map(([name]) => name.toLowerCase());

describe("a client's own credential never reaches the endpoint", () => {
  const dummies = [
    "Authorization: Bearer no_key-dummy",
    "AUTHORIZATION: Basic ZHVtbXk6",
    "Proxy-Authorization: Bearer no_key-dummy",
    "api-key: dummy",
    "API_KEY: dummy",
    "X-Api-Key: dummy",
    "x_api_key: dummy",
    "Cookie: session=dummy",
    "proxy_authorization: dummy",
  ];
  for (const dummy of dummies)
    test(dummy, async () => {
      const headers = await arrived([dummy]);
      expect(JSON.stringify(headers)).not.toMatch(/dummy|ZHVtbXk6/);
      expect(headers.filter(([name]) => name.toLowerCase() === "authorization")).toEqual([
        [expect.stringMatching(/^authorization$/i), `Bearer ${token}`],
      ]);
    });

  test("not even two at once", async () => {
    const answer = await it.gateway.ask({
      target: "/v1/x",
      headers: ["Authorization: Bearer dummy", "authorization: Bearer dummy"],
    });
    if (answer.status !== 200) expect(answer.status).toBe(400);
    expect(JSON.stringify(it.upstream.exchanges.map(({ head }) => head))).not.toContain("dummy");
  });

  test("and not on a raw path", async () => {
    expect(JSON.stringify(await arrived(["Authorization: Bearer dummy"], "/private/raw/x"))).not.toContain(
      "dummy",
    );
  });
});

describe("CVE-2026-33805: a Connection header cannot take the endpoint's credential away", () => {
  for (const named of [
    "authorization",
    "Authorization, close",
    "x-a, AUTHORIZATION",
    "host",
    "content-length",
  ])
    test(`Connection: ${named}`, async () => {
      const answer = await it.gateway.ask({
        method: "POST",
        target: "/v1/x",
        headers: [`Connection: ${named}`],
        body: "ab",
      });
      expect(answer.status).toBe(200);
      const [exchange] = it.upstream.exchanges;
      const head = exchange?.head ?? { start: "", headers: [] };
      expect(valuesOf(head, "authorization")).toEqual([`Bearer ${token}`]);
      expect(valuesOf(head, "host")).toEqual([new URL(it.upstream.origin).host]);
      expect((await exchange?.body)?.toString()).toBe("ab");
    });
});

test("hop-by-hop headers and those that Connection names end at the gateway", async () => {
  const names = namesOf(
    await arrived([
      "Connection: keep-alive, X-Hop",
      "Connection: X-Other-Hop",
      "X-Hop: 1",
      "x-other-hop: 1",
      "Keep-Alive: 5",
      "Proxy-Connection: keep-alive",
      "TE: trailers",
    ]),
  );
  for (const name of ["x-hop", "x-other-hop", "keep-alive", "proxy-connection", "te", "upgrade"])
    expect(names).not.toContain(name);
});

test("all other headers pass in their order, case and number", async () => {
  const sent = [
    "X-Stainless-Lang: js",
    "x-stainless-retry-count: 0",
    "X-Session-Id: sticky-1",
    "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "x-request-id: req-mine",
    "OpenAI-Organization: org-1",
    "X-Twice: 1",
    "Accept: application/json",
    "x-twice: 2",
    "X-Empty:",
    "ACCEPT-ENCODING: gzip, br",
    "User-Agent: OpenAI/JS 7",
    "X-Latin: gr\u00fc\u00df",
    "X_Under: kept",
    "Range: bytes=0-1",
    'If-None-Match: "7"',
  ];
  const headers = await arrived(sent);
  const expected = sent.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const names = new Set(expected.map(([name]) => name));
  expect(headers.filter(([name]) => names.has(name))).toEqual(expected);
  // Nothing is added that the client did not say, but for what the connection and the credential need.
  const added = namesOf(headers).filter((name) => !expected.some(([sent]) => sent?.toLowerCase() === name));
  expect(new Set(added).difference(new Set(["host", "authorization", "connection"]))).toEqual(new Set());
});

test("Host is the endpoint's own, once", async () => {
  const headers = await arrived(["X-Forwarded-Host: kept.test"]);
  expect(headers.filter(([name]) => name.toLowerCase() === "host")).toEqual(
    [["Host", new URL(it.upstream.origin).host]].map(([name, value]) => [
      expect.stringMatching(new RegExp(`^${name}$`, "i")),
      value,
    ]),
  );
});

test("Expect: 100-continue is answered here, and does not reach the endpoint", async () => {
  const client = await connect(it.gateway.base);
  client.send(
    `POST /v1/x HTTP/1.1\r\nHost: ${client.authority}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
  );
  expect((await client.wire.head())?.start).toMatch(/^HTTP\/1\.1 100/);
  client.send("ab");
  expect((await client.answer()).status).toBe(200);
  client.leave();
  expect(namesOf(it.upstream.exchanges[0]?.head.headers ?? [])).not.toContain("expect");
});

test("an answer's cookies and credentials of the endpoint are the endpoint's affair: ours is never among them", async () => {
  const answer = await it.gateway.ask({ target: "/v1/x", headers: ["Authorization: Bearer dummy"] });
  expect(JSON.stringify(answer.headers)).not.toContain(token);
  expect(JSON.stringify(answer.headers)).not.toContain("dummy");
});
