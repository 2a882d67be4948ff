import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cacheKey, type CacheQuestion } from "../../src/gateway/cache/cache-key.ts";
import { isRepeatable } from "../../src/gateway/cache/repeatable.ts";

const embeddings: CacheQuestion = {
  endpoint: "private-2",
  attachment: "v1",
  method: "POST",
  path: "/embeddings",
  target: "/openai/v1/embeddings",
  headers: ["Host", "private-2.test", "Content-Type", "application/json"],
  body: [Buffer.from('{"model":"m","input":"hello"}')],
  keyDigest: undefined,
};
const keyOf = (change: Partial<CacheQuestion> = {}): string | undefined =>
  cacheKey({ ...embeddings, ...change })?.key;
const withHeader = (name: string, value: string): string | undefined =>
  keyOf({ headers: [...embeddings.headers, name, value] });

describe("everything that can change the answer changes the key", () => {
  test.each<[string, Partial<CacheQuestion>]>([
    ["the endpoint", { endpoint: "private-3" }],
    ["the credentials", { attachment: "v2" }],
    ["the target", { target: "/v1/embeddings" }],
    ["the query", { target: "/openai/v1/embeddings?x=1" }],
    ["the local key", { keyDigest: "5a" }],
    ["one byte of the body", { body: [Buffer.from('{"model":"m","input":"hellp"}')] }],
    ["a header's value", { headers: ["Host", "private-2.test", "Content-Type", "application/jsoN"] }],
    ["one header less", { headers: ["Host", "private-2.test"] }],
    ["a header twice", { headers: [...embeddings.headers, "Content-Type", "application/json"] }],
    ["a header of the client's own", { headers: [...embeddings.headers, "X-Session-Id", "1"] }],
    ["what the client accepts", { headers: [...embeddings.headers, "Accept-Encoding", "gzip"] }],
  ])("%s", (_name, change) => {
    expect(keyOf(change)).toBeDefined();
    expect(keyOf(change)).not.toBe(keyOf());
  });
});

describe("what cannot change the answer does not change the key", () => {
  test.each(["User-Agent", "X-Request-Id", "traceparent", "X-Stainless-Retry-Count", "Cache-Control"])(
    "%s",
    (name) => expect(withHeader(name, "7")).toBe(keyOf()),
  );
  test("the case of a header's name", () =>
    expect(keyOf({ headers: ["host", "private-2.test", "CONTENT-TYPE", "application/json"] })).toBe(keyOf()));
  test("the parts in which the body was read", () => {
    const [body = Buffer.alloc(0)] = embeddings.body ?? [];
    expect(keyOf({ body: [body.subarray(0, 5), body.subarray(5)] })).toBe(keyOf());
  });
});

test("GHSA-v574-6498-x57v: no two different requests have the same key, wherever their parts end", () => {
  const short = fc.string({ unit: fc.constantFrom("a", ",", '"'), maxLength: 3 });
  const question = fc.record({
    endpoint: short,
    attachment: short,
    target: short,
    headers: fc.array(short, { maxLength: 4 }).map((all) => all.slice(0, all.length - (all.length % 2))),
    body: short.map((text) => [Buffer.from(text)]),
    keyDigest: fc.option(short, { nil: undefined }),
  });
  const parts = ({ headers, body, ...rest }: Pick<CacheQuestion, "headers" | "body">): string =>
    JSON.stringify([
      { ...rest },
      headers.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text)),
      body?.map((bytes) => bytes.toString("hex")),
    ]);
  fc.assert(
    fc.property(question, question, (one, other) => {
      const same = keyOf(one) === keyOf(other);
      expect(same).toBe(parts(one) === parts(other));
    }),
    { numRuns: 3000 },
  );
  // The end of one part moved to the beginning of the next.
  expect(keyOf({ endpoint: "ab", attachment: "c" })).not.toBe(keyOf({ endpoint: "a", attachment: "bc" }));
  expect(keyOf({ headers: ["a", "b,c,d"] })).not.toBe(keyOf({ headers: ["a", "b", "c", "d"] }));
});

describe("the client's Cache-Control is heeded", () => {
  const ask = (...headers: string[]) =>
    cacheKey({ ...embeddings, headers: [...embeddings.headers, ...headers] });
  test("no-store: no cache at all", () => {
    expect(ask("Cache-Control", "max-age=3, No-Store")).toBeUndefined();
  });
  test.each([
    ["Cache-Control", "no-cache"],
    ["cache-control", "max-age=0"],
    ["Pragma", "no-cache"],
  ])("%s: %s asks anew, under the same key", (name, value) =>
    expect(ask(name, value)).toEqual({ key: keyOf(), refresh: true }),
  );
  test("nothing said, or no concern of ours: what is kept will do", () => {
    expect(ask()?.refresh).toBe(false);
    expect(ask("Cache-Control", "max-age=60")?.refresh).toBe(false);
  });
});

describe("a request has no key", () => {
  test.each<[string, Partial<CacheQuestion>]>([
    ["whose body is not read whole", { body: undefined }],
    ["without a body", { body: [] }],
    ["whose body is compressed", { headers: ["Content-Encoding", "gzip"] }],
    ["that is no POST", { method: "GET" }],
    ["to another path", { path: "/models" }],
    ["with a large body", { body: [Buffer.alloc(65 * 1024)] }],
  ])("%s", (_name, change) =>
    expect(keyOf(change)).toEqual(change.body?.length === 0 ? keyOf(change) : undefined),
  );
});

describe("a request for text is repeatable", () => {
  const asks = (asked: object, path = "/chat/completions"): boolean =>
    isRepeatable("POST", path, Buffer.from(JSON.stringify({ model: "m", ...asked })));
  const tool = { type: "function", function: { name: "f" } };
  test.each<[string, object]>([
    ["at temperature 0", { temperature: 0 }],
    ["with a seed", { seed: 7, temperature: 1 }],
    [
      "that is streamed, with tools and several choices",
      { temperature: 0, stream: true, n: 2, tools: [tool] },
    ],
  ])("%s", (_name, asked) => {
    for (const path of ["/chat/completions", "/completions", "/responses"])
      expect(asks(asked, path)).toBe(true);
  });
  test.each<[string, object]>([
    ["without either", { messages: [{ content: '"temperature":0, "seed":1' }] }],
    ["with another temperature", { temperature: 0.1 }],
    ["with what is no temperature or seed", { temperature: "0", seed: null }],
    ["with a search", { temperature: 0, web_search_options: {} }],
    ["with a tool that the endpoint runs", { temperature: 0, tools: [tool, { type: "web_search" }] }],
    ["with tools that are none", { temperature: 0, tools: "all" }],
    ["that is answered later", { temperature: 0, background: true }],
    ["that adds to a conversation", { temperature: 0, conversation: "conv_1" }],
    ["whose temperature stands deeper", { options: { temperature: 0, seed: 1 } }],
  ])("but not %s", (_name, asked) => expect(asks(asked)).toBe(false));
  test("but not when its body is no JSON object", () => {
    for (const text of ['{"seed":1', '"seed"', "null", '["seed"]', ""])
      expect(isRepeatable("POST", "/chat/completions", Buffer.from(text))).toBe(false);
  });
  // What V8 reads here depends on what it read before (https://github.com/nodejs/node/issues/63785).
  test("and not when a key that counts may have been read as another", () => {
    const first = '{"model":"m","temperature":0,';
    JSON.parse(String.raw`${first}"\\u0062ackg":1}`);
    const text = String.raw`${first}"\u0062ackground":true}`;
    expect(isRepeatable("POST", "/chat/completions", Buffer.from(text))).toBe(false);
  });
  test("and not on a path that only looks alike", () => {
    for (const path of ["/chat/completions/", "/messages", "/images/generations", "/CHAT/COMPLETIONS"])
      expect(asks({ temperature: 0 }, path)).toBe(false);
  });
});
