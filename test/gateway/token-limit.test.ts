import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Answer, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { answerOf, chunked } from "../support/shapes.ts";
import type { Exchange } from "../support/upstream.ts";
import { bringing, hashOf, makeKeys, startWithKeys } from "./local-keys.ts";

/** Of tokens in a minute: so few that whoever is charged for one answer waits for long. */
const most = 10;
const body = JSON.stringify({ model: "model-a", stream: true, messages: [{ role: "user", content: "hi" }] });
const inputTokens = body.length / 4;

const word = (text: string): string =>
  `data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`;
const words = (count: number): string[] => Array.from({ length: count }, (_, at) => word(`data: ${at}`));
const told = { prompt_tokens: 3, completion_tokens: 40 };
const lastWords = `data: ${JSON.stringify({ choices: [], usage: told })}\n\n`;
const done = "data: [DONE]\n\n";

const eventStream = ["Content-Type: text/event-stream", "Transfer-Encoding: chunked"];
const streamOf = (events: readonly string[], headers = eventStream): Buffer =>
  answerOf("200 OK", headers, chunked(events.map((event) => Buffer.from(event))));
const documentOf = (text: string | Buffer, type: string, status = "200 OK", ...more: string[]): Buffer =>
  answerOf(status, [`Content-Type: ${type}`, `Content-Length: ${Buffer.byteLength(text)}`, ...more], text);

describe("what an answer took is charged to its key", () => {
  const keys = makeKeys("limited", "free");
  let it: PrivateEndpoint;
  // One for each test, so that each begins with a key that has used nothing.
  beforeEach(async () => {
    it = await startWithKeys({
      limited: { hash: hashOf(keys.limited), limits: { "tokens-per-minute": most } },
      free: { hash: hashOf(keys.free), limits: { "requests-per-minute": 1000 } },
    });
  });
  afterEach(() => it[Symbol.asyncDispose]());

  const asking = (key: string, method = "POST") => ({
    method,
    target: "/v1/chat/completions",
    headers: bringing(key),
    body,
  });
  const chat = (key = keys.limited, method = "POST"): Promise<Answer> => it.gateway.ask(asking(key, method));
  const answerWith = (bytes: Buffer): void => {
    it.upstream.answer = (exchange) => exchange.write(bytes);
  };
  /** What the log says of the request that ended last. */
  const lastLine = async (count: number) => (await it.gateway.ended(count))[count - 1] ?? {};

  /** The tokens of the debt that a key is in, by how long it is told to wait. */
  const debt = async (): Promise<number> => {
    const { status, headers } = await chat();
    expect(status).toBe(429);
    const named = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    expect(named["x-postern-limit"]).toBe("tokens-per-minute");
    return (Number(named["retry-after"]) * most) / 60;
  };
  /** A minute's share was there before, and some of the debt has been paid off by now. */
  const expectDebtOf = async (tokens: number): Promise<void> => {
    const left = await debt();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(tokens - most + 2);
  };

  test("a stream that tells its usage: what it tells", async () => {
    answerWith(streamOf([...words(500), lastWords, done]));
    expect((await chat()).status).toBe(200);
    expect(await lastLine(1)).toMatchObject({ inputTokens: 3, outputTokens: 40 });
    expect(await lastLine(1)).not.toHaveProperty("estimatedTokens");
    await expectDebtOf(43);
  });

  test("a stream that does not: a token for each event, and its request by its bytes", async () => {
    answerWith(streamOf([...words(999), done]));
    expect((await chat()).status).toBe(200);
    const estimatedTokens = Math.ceil(1000 + inputTokens);
    expect(await lastLine(1)).toMatchObject({ outcome: "done", estimatedTokens });
    expect(await lastLine(1)).not.toHaveProperty("outputTokens");
    await expectDebtOf(estimatedTokens);
    expect(await it.gateway.metric("gen_ai_client_token_usage_count")).toBe(0);
    expect(await it.gateway.metric("postern_local_key_tokens_total")).toBe(0);
  });

  test("a request that is sent once more, since its connection was dead: its bytes once", async () => {
    await chat(keys.free);
    let dead = true;
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      if (dead) exchange.reset();
      else await exchange.write(streamOf([...words(20), done]));
      dead = false;
    };
    expect((await chat()).status).toBe(200);
    const estimatedTokens = Math.ceil(21 + inputTokens);
    expect(await lastLine(2)).toMatchObject({ estimatedTokens, sentBytes: 2 * body.length });
  });

  test("a stream whose events come in few chunks: each event all the same", async () => {
    answerWith(streamOf([words(100).join(""), words(100).join("").slice(0, -1), `\n${done}`]));
    await chat();
    expect(await lastLine(1)).toMatchObject({ estimatedTokens: Math.ceil(201 + inputTokens) });
  });

  /** Reads so many events of a stream that goes on, and leaves. */
  const leaveBehind = async (events: readonly string[], key = keys.limited): Promise<void> => {
    it.upstream.answer = (exchange) => exchange.write(streamOf(events).subarray(0, -"0\r\n\r\n".length));
    const client = await connect(it.gateway.base);
    client.send(asking(key));
    const head = await client.head();
    let left = events.join("").length;
    for await (const piece of client.body(head)) if ((left -= piece.length) === 0) break;
    client.leave();
  };

  const inLog = { inputTokens: 3, outputTokens: 40 };
  const expectCounted = async (): Promise<void> => {
    expect(await it.gateway.metric("postern_local_key_tokens_total", 'type="input"')).toBe(3);
    expect(await it.gateway.metric("postern_local_key_tokens_total", 'type="output"')).toBe(40);
    expect(await it.gateway.metric("gen_ai_client_token_usage_sum")).toBe(43);
  };

  test("a stream that its client leaves: the events until then", async () => {
    await leaveBehind(words(200));
    const estimatedTokens = Math.ceil(200 + inputTokens);
    expect(await lastLine(1)).toMatchObject({ outcome: "client-stream", estimatedTokens });
    await expectDebtOf(estimatedTokens);
  });

  test("a stream that its client leaves behind its usage: what it told of its input, and no fewer than its events", async () => {
    await leaveBehind([...words(60), lastWords]);
    expect(await lastLine(1)).toMatchObject({ outcome: "client-stream", estimatedTokens: 3 + 61 });
  });

  test("a stream that its client leaves at its [DONE], as some SDKs do: what it told, which is counted too", async () => {
    await leaveBehind([...words(20), lastWords, done]);
    expect(await lastLine(1)).toMatchObject({ ...inLog, outcome: "client-stream", estimatedTokens: 43 });
    await expectCounted();
  });

  test("so it is where the key has no limit", async () => {
    await leaveBehind([...words(20), lastWords, done], keys.free);
    expect(await lastLine(1)).toMatchObject({ ...inLog, outcome: "client-stream" });
    await expectCounted();
  });

  test("a stream that its endpoint breaks off: the events until then", async () => {
    it.upstream.answer = async (exchange: Exchange) => {
      await exchange.write(streamOf(words(50)).subarray(0, -"0\r\n\r\n".length));
      exchange.socket.end();
    };
    expect((await chat()).cut).toBe(true);
    expect(await lastLine(1)).toMatchObject({
      outcome: "upstream-stream",
      estimatedTokens: Math.ceil(50 + inputTokens),
    });
  });

  test("a stream that its endpoint breaks off behind its usage: what it told, which is counted too", async () => {
    it.upstream.answer = async (exchange: Exchange) => {
      await exchange.write(streamOf([...words(20), lastWords]).subarray(0, -"0\r\n\r\n".length));
      exchange.socket.end();
    };
    expect((await chat()).cut).toBe(true);
    expect(await lastLine(1)).toMatchObject({ ...inLog, outcome: "upstream-stream", estimatedTokens: 43 });
    await expectCounted();
  });

  const zipped = gzipSync(words(50).join(""));
  test.each<[string, Buffer, number]>([
    ["a document without usage", documentOf('{"choices":[]}', "application/json"), 14],
    ["a document that was created", documentOf('{"choices":[]}', "application/json", "201 Created"), 14],
    ["what is no JSON", documentOf("some text", "text/plain"), 9],
    [
      "a stream that is compressed",
      documentOf(zipped, "text/event-stream", "200 OK", "Content-Encoding: gzip"),
      zipped.length,
    ],
  ])("%s: its bytes", async (_what, bytes, length) => {
    answerWith(bytes);
    await chat();
    expect(await lastLine(1)).toMatchObject({ estimatedTokens: Math.ceil(length / 4 + inputTokens) });
  });

  test("sound and pictures, asked and answered: nothing", async () => {
    answerWith(documentOf("x".repeat(10_000), "audio/mpeg"));
    const form = '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nsound\r\n--b--\r\n';
    const { status } = await it.gateway.ask({
      ...asking(keys.limited),
      target: "/private/v1/audio/transcriptions",
      headers: [`Authorization: Bearer ${keys.limited}`, "Content-Type: multipart/form-data; boundary=b"],
      body: form,
    });
    expect(status).toBe(200);
    expect(await lastLine(1)).toMatchObject({ estimatedTokens: 0 });
  });

  test.each<[string, Buffer]>([
    ["an error of the endpoint", documentOf('{"error":{}}', "application/json", "500 Internal Server Error")],
    ["a redirect", documentOf("elsewhere", "text/plain", "307 Temporary Redirect", "Location: /v1/x")],
    ["no HTTP", Buffer.from("what?")],
  ])("%s: nothing", async (_what, bytes) => {
    answerWith(bytes);
    for (let at = 1; at <= 2; at += 1) {
      expect((await chat()).status).not.toBe(429);
      expect(await lastLine(at)).not.toHaveProperty("estimatedTokens");
    }
  });

  test("no answer, because its client left before: nothing", async () => {
    const arrival = it.upstream.next();
    it.upstream.answer = () => {};
    const client = await connect(it.gateway.base);
    client.send(asking(keys.limited));
    await (
      await arrival
    ).body;
    client.leave();
    expect(await lastLine(1)).toMatchObject({ outcome: "client-wait" });
    expect(await lastLine(1)).not.toHaveProperty("estimatedTokens");
  });

  test.each(["GET", "PUT"])("an answer to %s: nothing", async (method) => {
    answerWith(documentOf("x".repeat(10_000), "application/octet-stream"));
    for (let at = 1; at <= 2; at += 1) expect((await chat(keys.limited, method)).status).toBe(200);
    expect(await lastLine(2)).not.toHaveProperty("estimatedTokens");
  });

  test.each([
    ["a document", documentOf(JSON.stringify({ id: "resp_1", usage: told }), "application/json")],
    ["a stream", streamOf([...words(20), lastWords, done])],
  ])(
    "%s that was made before, and is fetched: nothing, for it was counted when it was made",
    async (_what, bytes) => {
      answerWith(bytes);
      for (let at = 1; at <= 2; at += 1) expect((await chat(keys.limited, "GET")).status).toBe(200);
      expect(await lastLine(2)).toMatchObject({ outcome: "done", status: 200 });
      expect(await lastLine(2)).not.toHaveProperty("inputTokens");
      expect(await it.gateway.metric("postern_local_key_tokens_total")).toBe(0);
    },
  );

  /** The estimate of a request to this path whose answer tells no usage. */
  const estimateAt = async (target: string): Promise<unknown> => {
    answerWith(documentOf('{"input_tokens":14}', "application/json"));
    expect((await it.gateway.ask({ ...asking(keys.limited), target })).status).toBe(200);
    return (await lastLine(1))["estimatedTokens"];
  };

  test.each([
    "/private/v1/messages/count_tokens",
    "/private/v1/responses/input_tokens",
    "/private/v1/tokenize",
    "/private/raw/tokenize",
    "/private/v1/detokenize",
    "/private/v1/moderations",
  ])("%s, which asks no model to write or embed: nothing", async (target) =>
    expect(await estimateAt(target)).toBeUndefined(),
  );

  test.each([
    "/v1/chat/completions",
    "/private/v1/chat/%63ompletions",
    "/private/v1/chat/completions/",
    "/private/raw/openai/v1/chat/completions",
    "/private/v1/pooling",
    "/private/raw/generate",
  ])("%s, however it is written and whether it is known: its estimate", async (target) =>
    expect(await estimateAt(target)).toBe(Math.ceil(inputTokens + 19 / 4)),
  );

  test("streams at the same time: when they end, so that they may use more together", async () => {
    const open: Exchange[] = [];
    it.upstream.answer = async (exchange) => {
      await exchange.write(streamOf(words(20)).subarray(0, -"0\r\n\r\n".length));
      open.push(exchange);
    };
    const answers = Array.from({ length: 5 }, () => chat());
    await eventually(() => expect(open).toHaveLength(5));
    for (const exchange of open) await exchange.write("0\r\n\r\n");
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await it.gateway.ended(5);
    await expectDebtOf(5 * Math.ceil(20 + inputTokens));
  });

  test("nothing, and nothing is counted, where the key has no limit of tokens", async () => {
    answerWith(streamOf([...words(50), done]));
    for (let at = 1; at <= 2; at += 1) {
      expect((await chat(keys.free)).status).toBe(200);
      expect(await lastLine(at)).not.toHaveProperty("estimatedTokens");
    }
  });
});

test("an answer from the cache is charged nothing, though it does not tell its usage", async () => {
  const { limited } = makeKeys("limited");
  await using it = await startPrivateEndpoint({
    settings: { keys: { limited: { hash: hashOf(limited), limits: { "tokens-per-minute": 1_000_000 } } } },
    endpoint: { cache: { size: "1MiB", ttl: "1h" } },
  });
  it.upstream.answer = (exchange) => exchange.json({ data: [1] });
  const ask = { target: "/v1/embeddings", headers: bringing(limited), body: '{"model":"e","input":"x"}' };
  for (let turn = 0; turn < 2; turn += 1) await it.gateway.ask(ask);
  const [miss, hit] = await it.gateway.ended(2);
  expect(miss).toMatchObject({ cache: "miss", estimatedTokens: Math.ceil((25 + 12) / 4) });
  expect(hit).toMatchObject({ cache: "hit" });
  expect(hit).not.toHaveProperty("estimatedTokens");
});
