import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Answer, connect } from "../support/client.ts";
import { bearer, type Gateway, type Settings, startGateway } from "../support/gateway.ts";
import { type Answering, type Exchange, startUpstream, type Upstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";
import { bringing, hashOf, makeKeys } from "./local-keys.ts";

let upstream: Upstream;
let gateway: Gateway;
beforeAll(async () => {
  upstream = await startUpstream();
  gateway = await startGateway(
    {
      endpoints: {
        kept: { url: `${upstream.origin}/v1`, credentials: ["token"], cache: { size: "1MiB", ttl: "1h" } },
        plain: { url: `${upstream.origin}/v1`, credentials: ["token"] },
      },
    },
    { token: bearer("canary-bearer-kept-53aa") },
  );
});
afterEach(() => upstream.forget());
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream.stop();
});

const post = (target: string, body: object, headers: readonly string[] = []): Promise<Answer> =>
  gateway.ask({
    target,
    headers: ["Content-Type: application/json", ...headers],
    body: JSON.stringify(body),
  });
const said = (answer: Answer): readonly string[] => valuesOf(answer, "x-postern-cache");
let number = 0;
/** Something that was never asked before. */
const fresh = (): string => `question ${(number += 1)}`;

describe("an endpoint with a cache", () => {
  test("is asked once for the same embedding", async () => {
    const body = { model: "e", input: fresh() };
    upstream.answer = (exchange) =>
      exchange.json({ data: [1], usage: { prompt_tokens: 5, total_tokens: 5 } });
    const first = await post("/kept/v1/embeddings", body);
    const second = await post("/kept/v1/embeddings", body);
    expect([said(first), said(second)]).toEqual([["miss"], ["hit"]]);
    expect(second.text).toBe(first.text);
    expect(second.status).toBe(200);
    expect(valuesOf(second, "age")).toHaveLength(1);
    expect(upstream.exchanges).toHaveLength(1);
    expect((await gateway.ended(2)).slice(-2)).toMatchObject([
      { cache: "miss", inputTokens: 5 },
      { cache: "hit", outcome: "done", status: 200 },
    ]);
    expect(await gateway.metric("postern_cache_requests_total", 'result="hit"')).toBeGreaterThan(0);
    expect(await gateway.metric("postern_cache_bytes", 'endpoint="kept"')).toBeGreaterThan(0);
  });

  test("is not said to have sent what came from the cache", async () => {
    const body = { model: "e", input: fresh() };
    upstream.answer = (exchange) => exchange.json({ data: [1] });
    const received = (): Promise<number> => gateway.metric("postern_received_bytes_total", 'endpoint="kept"');
    const before = { bytes: await received(), lines: gateway.requests().length };
    const { length } = (await post("/kept/v1/embeddings", body)).body;
    for (let turn = 0; turn < 2; turn += 1)
      expect((await post("/kept/v1/embeddings", body)).body).toHaveLength(length);
    expect((await gateway.ended(before.lines + 3)).slice(before.lines)).toMatchObject([
      { cache: "miss", receivedBytes: length },
      { cache: "hit", receivedBytes: 0 },
      { cache: "hit", receivedBytes: 0 },
    ]);
    expect((await received()) - before.bytes).toBe(length);
  });

  test("gives a stream again as a stream, in the same pieces", async () => {
    const events = ['data: {"n":1}\n\n', 'data: {"n":2}\n\n', "data: [DONE]\n\n"];
    upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
      for (const event of events) await exchange.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      await exchange.write("0\r\n\r\n");
    };
    const body = JSON.stringify({ model: "m", temperature: 0, stream: true, messages: [fresh()] });
    const asked = {
      target: "/kept/v1/chat/completions",
      headers: ["Content-Type: application/json"],
      body,
    };
    const first = await gateway.ask(asked);
    const client = await connect(gateway.base);
    client.send(asked);
    const head = await client.head();
    const pieces: string[] = [];
    for await (const piece of client.body(head)) pieces.push(piece.toString());
    client.leave();
    expect(said(first)).toEqual(["miss"]);
    expect(pieces.join("")).toBe(events.join(""));
    expect(first.text).toBe(events.join(""));
    expect(valuesOf(head, "transfer-encoding")).toEqual(["chunked"]);
    expect(upstream.exchanges).toHaveLength(1);
  });

  test.each([
    ["what is not deterministic", "/kept/v1/chat/completions", { messages: [] }, [], "bypass"],
    [
      "what the client wants fresh",
      "/kept/v1/embeddings",
      { input: "x" },
      ["Cache-Control: no-store"],
      "bypass",
    ],
    ["any path of its origin", "/kept/raw/v1/embeddings", { input: "x" }, [], undefined],
    ["an endpoint without a cache", "/plain/v1/embeddings", { input: "x" }, [], undefined],
  ] as const)("keeps nothing of %s", async (_what, target, body, headers, result) => {
    const question = { model: fresh(), ...body };
    const answers = [await post(target, question, headers), await post(target, question, headers)];
    expect(answers.map(said)).toEqual(answers.map(() => (result === undefined ? [] : [result])));
    expect(upstream.exchanges).toHaveLength(2);
  });

  test("keeps no answer that was broken off", async () => {
    upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
      exchange.reset();
    };
    const body = { model: "e", input: fresh() };
    expect((await post("/kept/v1/embeddings", body)).cut).toBe(true);
    upstream.forget();
    const whole = await post("/kept/v1/embeddings", body);
    expect(said(whole)).toEqual(["miss"]);
    expect(upstream.exchanges).toHaveLength(1);
  });

  test("keeps no answer whose end only the connection's end tells, for that may be too early", async () => {
    upstream.answer = async (exchange) => {
      await exchange.body;
      await exchange.write("HTTP/1.1 200 OK\r\n\r\n{}");
      exchange.socket.end();
    };
    const body = { model: "e", input: fresh() };
    const answers = [await post("/kept/v1/embeddings", body), await post("/kept/v1/embeddings", body)];
    expect(answers.map(({ text }) => text)).toEqual(["{}", "{}"]);
    expect(answers.map(said)).toEqual([["miss"], ["miss"]]);
  });
});

describe("an answer that says that it failed is not given again, though its status is 200", () => {
  const text = { model: "m", temperature: 0 };
  const failed = { error: { code: 500, message: "the engine died" } };
  const answer = (type: string, body: Buffer | string, ...headers: readonly string[]): Answering => {
    const lines = ["HTTP/1.1 200 OK", `Content-Type: ${type}`, ...headers, `Content-Length: ${body.length}`];
    return async (exchange) => {
      await exchange.body;
      await exchange.write(`${lines.join("\r\n")}\r\n\r\n`);
      await exchange.write(body);
    };
  };
  const json = (data: unknown): Answering => answer("application/json", JSON.stringify(data));
  const events = (...all: readonly string[]): Answering =>
    answer("text/event-stream", [...all, "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
  const zipped = (data: unknown): Answering =>
    answer("application/json", gzipSync(JSON.stringify(data)), "Content-Encoding: gzip");

  test.each<[string, string, Answering]>([
    ["a response that failed", "responses", json({ object: "response", status: "failed", ...failed })],
    ["a stream with an error", "chat/completions", events('{"type": "error", "error": {"message": "x"}}')],
    [
      "a stream with an error beside its choices",
      "completions",
      events('{"id":"1","error":{"code":502},"choices":[]}'),
    ],
    ["a stream that was stopped", "chat/completions", events('{"choices":[{"finish_reason":"abort"}]}')],
    ["an answer whose failure cannot be seen", "chat/completions", zipped(failed)],
    ["embeddings that failed", "embeddings", json(failed)],
  ])("%s", async (_what, path, answering) => {
    upstream.answer = answering;
    const body = { ...text, input: fresh() };
    const answers = [await post(`/kept/v1/${path}`, body), await post(`/kept/v1/${path}`, body)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(said)).toEqual([["miss"], ["miss"]]);
    expect(upstream.exchanges).toHaveLength(2);
  });

  test("but compressed embeddings are: their status tells", async () => {
    upstream.answer = zipped({ data: [1] });
    const body = { model: "e", input: fresh() };
    const answers = [await post("/kept/v1/embeddings", body), await post("/kept/v1/embeddings", body)];
    expect(answers.map(said)).toEqual([["miss"], ["hit"]]);
    expect(answers[1]?.body.equals(answers[0]?.body ?? Buffer.alloc(0))).toBe(true);
  });
});

test("answers that their clients left, or that were broken off, leave their memory to others", async () => {
  const part = Buffer.alloc(900_000, "x");
  const begin = async (exchange: Exchange): Promise<void> => {
    await exchange.body;
    await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${part.length + 2}\r\n\r\n"`);
    await exchange.write(part);
  };
  const ask = (): Promise<readonly string[]> => post("/kept/v1/embeddings", { input: "large" }).then(said);

  upstream.answer = begin;
  const arrived = upstream.next();
  const client = await connect(gateway.base);
  const headers = ["Content-Type: application/json"];
  client.send({ method: "POST", target: "/kept/v1/embeddings", headers, body: '{"input":"left"}' });
  const head = await client.head();
  let read = 0;
  for await (const piece of client.body(head)) if ((read += piece.length) > part.length) break;
  client.leave();
  await (
    await arrived
  ).closed;

  upstream.answer = async (exchange) => {
    await begin(exchange);
    exchange.reset();
  };
  expect((await post("/kept/v1/embeddings", { input: "broken off" })).cut).toBe(true);

  upstream.answer = async (exchange) => {
    await begin(exchange);
    await exchange.write('"');
  };
  expect([await ask(), await ask()]).toEqual([["miss"], ["hit"]]);
});

test("a local key that is made anew under an old name gets none of the old one's answers", async () => {
  const keys = makeKeys("old", "anew");
  const settingsWith = (key: string): Settings => ({
    keys: { app: { hash: hashOf(key) } },
    endpoints: { own: { url: `${upstream.origin}/v1`, credentials: ["token"], cache: {} } },
  });
  await using own = await startGateway(settingsWith(keys.old), { token: bearer("canary-bearer-anew-4c19") });
  const ask = (key: string): Promise<readonly string[]> =>
    own.ask({ target: "/v1/embeddings", headers: bringing(key), body: '{"input":"x"}' }).then(said);
  expect([await ask(keys.old), await ask(keys.old)]).toEqual([["miss"], ["hit"]]);
  own.write(settingsWith(keys.anew));
  await own.app.reload();
  expect([await ask(keys.anew), await ask(keys.anew)]).toEqual([["miss"], ["hit"]]);
});

describe("a reload that changes nothing but an endpoint's cache", () => {
  const keys = makeKeys("one", "two");
  const endpoint = { url: "", credentials: ["token"] };
  const settingsWith = (cache: Readonly<Record<string, unknown>>): Settings => ({
    keys: { one: { hash: hashOf(keys.one) }, two: { hash: hashOf(keys.two) } },
    endpoints: { own: { ...endpoint, url: `${upstream.origin}/v1`, ...cache } },
  });
  const results = async (own: Gateway, ...asking: readonly string[]): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const key of asking)
      found.push(
        ...said(await own.ask({ target: "/v1/embeddings", headers: bringing(key), body: '{"input":"x"}' })),
      );
    return found;
  };

  test("puts it in force", async () => {
    await using own = await startGateway(settingsWith({}), { token: bearer("canary-bearer-late-7d10") });
    expect(await results(own, keys.one, keys.one)).toEqual([]);
    own.write(settingsWith({ cache: {} }));
    await own.app.reload();
    expect(await results(own, keys.one, keys.one)).toEqual(["miss", "hit"]);
  });

  test("ends at once what local keys shared", async () => {
    await using own = await startGateway(settingsWith({ cache: { shared: true } }), {
      token: bearer("canary-bearer-shared-9b42"),
    });
    expect(await results(own, keys.one, keys.two)).toEqual(["miss", "hit"]);
    own.write(settingsWith({ cache: { shared: false } }));
    await own.app.reload();
    expect(await results(own, keys.one, keys.two, keys.two)).toEqual(["miss", "miss", "hit"]);
  });
});

test("an answer that was kept uses no credential: the record names no key with one", async () => {
  const keys = makeKeys("one", "two");
  const settings: Settings = {
    keys: { one: { hash: hashOf(keys.one) }, two: { hash: hashOf(keys.two) } },
    endpoints: {
      own: { url: `${upstream.origin}/v1`, credentials: ["token"], cache: { shared: true } },
    },
  };
  await using own = await startGateway(settings, { token: bearer("canary-bearer-unused-30e6") });
  const uses = (): readonly unknown[] =>
    readFileSync(own.folder.file("audit.log"), "utf8")
      .trim()
      .split("\n")
      .flatMap((line) => (JSON.parse(line) as { key?: string }).key ?? []);
  const ask = async (key: string, body: string): Promise<readonly string[]> =>
    said(await own.ask({ target: "/v1/embeddings", headers: bringing(key), body }));
  expect(await ask(keys.one, '{"input":"x"}')).toEqual(["miss"]);
  expect(await ask(keys.two, '{"input":"x"}')).toEqual(["hit"]);
  expect(uses()).toEqual(["one"]);
  expect(await ask(keys.two, '{"input":"y"}')).toEqual(["miss"]);
  expect(uses()).toEqual(["one", "two"]);
});

describe("what an answer took in tokens", () => {
  const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 };
  test("is read of a unary answer, and of the last event of a stream", async () => {
    const before = gateway.requests().length;
    const first = (): Promise<number> => gateway.metric("gen_ai_server_time_to_first_token_seconds_count");
    const firstBefore = await first();
    upstream.answer = (exchange) => exchange.json({ choices: [], usage });
    await post("/plain/v1/chat/completions", { model: "m" });
    upstream.answer = async (exchange) => {
      await exchange.body;
      const events = [`data: {"choices":[{}]}\n\n`, `data: ${JSON.stringify({ choices: [], usage })}\n\n`];
      await exchange.write(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
      );
      for (const event of [...events, "data: [DONE]\n\n"])
        await exchange.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      await exchange.write("0\r\n\r\n");
    };
    await post("/plain/v1/chat/completions", { model: "m", stream: true });
    const lines = (await gateway.ended(before + 2)).slice(before);
    expect(lines).toMatchObject([
      { inputTokens: 11, outputTokens: 7 },
      { inputTokens: 11, outputTokens: 7, firstTokenMs: expect.any(Number) as number },
    ]);
    // A time to first token says something only of a stream.
    expect(lines[0]).not.toHaveProperty("firstTokenMs");
    expect((await first()) - firstBefore).toBe(1);
    expect(
      await gateway.metric("gen_ai_client_token_usage_sum", 'gen_ai_token_type="output"'),
    ).toBeGreaterThanOrEqual(14);
  });
});
