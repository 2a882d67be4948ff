import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answer, errorIn } from "../support/client.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { hashOf, makeKeys } from "./local-keys.ts";

const page = "http://localhost:3000";
const keys = makeKeys("page");
let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint({
    settings: { "allow-origins": [page], keys: { page: { hash: hashOf(keys.page) } } },
  });
});
afterEach(() => {
  it.upstream.answer = (exchange) => exchange.json({});
  it.upstream.forget();
});
afterAll(() => it[Symbol.asyncDispose]());

const values = ({ headers }: Answer, name: string): readonly string[] =>
  headers.flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []));
const one = (answer: Answer, name: string): string | undefined => values(answer, name)[0];
const allowed = (answer: Answer) => values(answer, "access-control-allow-origin");

const preflight = (origin: string, ...more: readonly string[]): Promise<Answer> =>
  it.gateway.ask({
    method: "OPTIONS",
    target: "/v1/chat/completions",
    headers: [
      `Origin: ${origin}`,
      "Sec-Fetch-Site: same-site",
      "Access-Control-Request-Method: POST",
      "Access-Control-Request-Headers: authorization,content-type,x-stainless-os",
      ...more,
    ],
  });
const chat = (...headers: readonly string[]): Promise<Answer> =>
  it.gateway.ask({
    target: "/v1/chat/completions",
    headers: ["Content-Type: application/json", `Authorization: Bearer ${keys.page}`, ...headers],
    body: "{}",
  });

describe("a preflight", () => {
  test("of an allowed origin is answered here, without a key, with what it asks for", async () => {
    const answer = await preflight(page);
    expect(answer.status).toBe(204);
    expect(allowed(answer)).toEqual([page]);
    expect(one(answer, "access-control-allow-methods")).toBe("POST");
    expect(one(answer, "access-control-allow-headers")).toBe("authorization, content-type, x-stainless-os");
    expect(one(answer, "vary")).toContain("Origin");
    expect(one(answer, "access-control-allow-private-network")).toBeUndefined();
    expect(one(answer, "access-control-allow-credentials")).toBeUndefined();
    expect(it.upstream.exchanges).toEqual([]);
  });
  test("for this machine from the network's side is answered too", async () => {
    const answer = await preflight(page, "Access-Control-Request-Private-Network: true");
    expect(one(answer, "access-control-allow-private-network")).toBe("true");
  });
  for (const origin of [
    "http://localhost:3001",
    "http://localhost",
    "https://localhost:3000",
    "http://localhost:3000.evil.test",
    "http://evil.test",
    "null",
    "*",
  ])
    test(`of ${origin} gets no permission`, async () => {
      const answer = await preflight(origin);
      expect([answer.status, errorIn(answer).code]).toEqual([403, "origin_not_allowed"]);
      expect(JSON.stringify(answer.headers).toLowerCase()).not.toContain("access-control");
    });
  test("with two origins gets no permission", async () => {
    expect((await preflight(page, "Origin: http://evil.test")).status).toBe(403);
  });
  test("under another Host gets no permission: an allowed origin opens no other name", async () => {
    expect((await preflight(page, "Host: evil.test")).status).toBe(403);
  });
});

describe("a request of an allowed page", () => {
  test("passes, and the page may read its answer and what belongs to it", async () => {
    const answer = await chat(`Origin: ${page}`, "Sec-Fetch-Site: cross-site");
    expect(answer.status).toBe(200);
    expect(allowed(answer)).toEqual([page]);
    expect(values(answer, "vary").join()).toContain("Origin");
    expect(one(answer, "access-control-expose-headers")).toContain("x-request-id");
  });
  test("gets what the endpoint says of origins replaced, and its other headers as they are", async () => {
    it.upstream.answer = (exchange) =>
      exchange.write(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nVary: Accept\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\nok",
      );
    const answer = await chat(`Origin: ${page}`);
    expect(allowed(answer)).toEqual([page]);
    expect(values(answer, "vary")).toEqual(["Accept", "Origin"]);
    expect(one(answer, "x-own")).toBe("1");
    expect(answer.text).toBe("ok");
  });
  test("may read errors of ours too, those for its key among them", async () => {
    const answer = await it.gateway.ask({ target: "/v1/models", headers: [`Origin: ${page}`] });
    expect([answer.status, errorIn(answer).code]).toEqual([401, "local_key_required"]);
    expect(allowed(answer)).toEqual([page]);
  });
  test("is refused as text all the same", async () => {
    const answer = await it.gateway.ask({
      target: "/v1/x",
      headers: [`Origin: ${page}`, "Content-Type: text/plain", `x-api-key: ${keys.page}`],
      body: "{}",
    });
    expect([answer.status, errorIn(answer).code]).toEqual([415, "content_type_not_allowed"]);
    expect(it.upstream.exchanges).toEqual([]);
  });
});

test("without an Origin of its own, a request of another site is refused even where pages are allowed", async () => {
  const answer = await chat("Sec-Fetch-Site: same-site");
  expect(answer.status).toBe(403);
  expect(it.upstream.exchanges).toEqual([]);
});

test("an answer to a program shows nothing of all this", async () => {
  expect(JSON.stringify((await chat()).headers).toLowerCase()).not.toContain("access-control");
});

test("the admin listener lets no page in, whatever the configuration allows", async () => {
  for (const headers of [[`Origin: ${page}`], [`Origin: ${page}`, "Access-Control-Request-Method: GET"]]) {
    const answer = await it.gateway.admin("/metrics", headers);
    expect(answer.status).toBe(403);
    expect(allowed(answer)).toEqual([]);
  }
});
