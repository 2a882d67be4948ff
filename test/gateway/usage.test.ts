import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { Usage } from "../../src/gateway/record.ts";
import { UsageTap } from "../../src/gateway/metrics/usage.ts";

const head = (type: string, ...more: string[]) => ({
  status: 200,
  reason: "OK",
  rawHeaders: ["Content-Type", type, ...more],
});

/** What a tap finds in a body that comes in parts of this size. */
function usageOf(type: string, body: string, partBytes = 1000): Usage | undefined {
  const tap = UsageTap.for(head(type));
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += partBytes) tap?.data(bytes.subarray(at, at + partBytes));
  return tap?.finish();
}

const json = (value: unknown): string => JSON.stringify(value);
const inJson = (value: unknown): Usage | undefined => usageOf("application/json", json(value));
const event = (value: unknown, name?: string): string =>
  `${name === undefined ? "" : `event: ${name}\n`}data: ${json(value)}\n\n`;
const inEvents = (...events: string[]): Usage | undefined => usageOf("text/event-stream", events.join(""));

const done = "data: [DONE]\n\n";
const chunk = (content: string, usage?: unknown): string =>
  event({ id: "x", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content } }], usage });
const many = Array.from({ length: 300 }, (_, word) => chunk(` word ${word}`)).join("");
const tokens = { prompt_tokens: 19, completion_tokens: 10, total_tokens: 29 };
const found = { inputTokens: 19, outputTokens: 10 };

describe("the usage of a whole document is found", () => {
  const choices = [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }];
  test.each([
    ["of a chat", { id: "x", choices, usage: tokens, system_fingerprint: "fp" }, found],
    ["of a chat of vLLM", { choices, usage: { ...tokens, prompt_tokens_details: null }, kv: null }, found],
    ["of a completion", { choices: [{ text: "hello" }], usage: tokens }, found],
    [
      "of embeddings",
      { object: "list", data: [{ embedding: [0.1] }], usage: { prompt_tokens: 7, total_tokens: 7 } },
      { inputTokens: 7, outputTokens: undefined },
    ],
    [
      "of a response",
      { object: "response", output: [], usage: { input_tokens: 19, output_tokens: 10 }, metadata: {} },
      found,
    ],
    [
      "of an Anthropic message, whose cached input counts too",
      {
        content: [],
        usage: {
          input_tokens: 4,
          cache_creation_input_tokens: 5,
          cache_read_input_tokens: 10,
          output_tokens: 10,
        },
      },
      found,
    ],
    [
      "of a chat of LiteLLM, whose prompt holds the cached input already",
      {
        choices,
        usage: {
          ...tokens,
          prompt_tokens_details: { cached_tokens: 15 },
          cache_creation_input_tokens: 4,
          cache_read_input_tokens: 15,
        },
      },
      found,
    ],
  ])("%s", (_name, body, expected) => expect(inJson(body)).toEqual(expected));

  test("at the end of a body of a megabyte", () => {
    const data = [{ embedding: "x".repeat(1 << 20) }];
    expect(inJson({ data, usage: tokens })).toEqual(found);
    expect(usageOf("application/json", json({ data, usage: tokens }), 16_384)).toEqual(found);
    expect(usageOf("application/json", json({ data, usage: tokens }), 1 << 20)).toEqual(found);
  });

  test("at the beginning of one, as llama.cpp writes embeddings", () => {
    const body = { model: 'a "usage" {', usage: tokens, data: [{ embedding: Array(9999).fill(0.5) }] };
    for (const partBytes of [100, 1000, 5000, 100_000])
      expect(usageOf("application/json; charset=utf-8", json(body), partBytes)).toEqual(found);
  });

  test("in a document that is written with white space", () =>
    expect(usageOf("application/json", `${JSON.stringify({ id: "x", usage: tokens }, null, 2)}\r\n`)).toEqual(
      found,
    ));
});

describe("the usage of a stream is found", () => {
  test("in the last chunk of a chat", () =>
    expect(inEvents(many, event({ id: "x", choices: [], usage: tokens }), done)).toEqual(found));
  test("in the last of chunks that all count, as vLLM sends them on request", () =>
    expect(
      inEvents(
        chunk("a", { prompt_tokens: 19, completion_tokens: 1 }),
        many,
        chunk("b", tokens),
        chunk("", null),
        done,
      ),
    ).toEqual(found));
  test.each([" ", "\t \r", " ".repeat(50)])("with %j behind an event's end", (blanks) =>
    expect(inEvents(many, `data: ${json({ choices: [], usage: tokens })}${blanks}\n\n`, done)).toEqual(found),
  );
  test("with lines that end in CRLF, and comments between them", () =>
    expect(
      inEvents(
        many.replaceAll("\n", "\r\n"),
        event({ usage: tokens }).replaceAll("\n", "\r\n"),
        ": ping\r\n\r\n",
      ),
    ).toEqual(found));

  const completed = (text: string): string =>
    event(
      {
        type: "response.completed",
        response: {
          output: [{ content: [{ text, usage: { input_tokens: 1, output_tokens: 1 } }] }],
          usage: { input_tokens: 19, input_tokens_details: { cached_tokens: 0 }, output_tokens: 10 },
          metadata: { usage: "none" },
        },
        sequence_number: 4,
      },
      "response.completed",
    );
  test("in the last event of a response", () => expect(inEvents(completed("hi"))).toEqual(found));
  test("in one whose beginning is beyond what is kept", () =>
    expect(inEvents(completed('a "usage": {} \\'.repeat(5000)))).toEqual(found));

  const begun = event(
    {
      type: "message_start",
      message: { id: "m", usage: { input_tokens: 15, cache_read_input_tokens: 4, output_tokens: 1 } },
    },
    "message_start",
  );
  const delta = event({ type: "content_block_delta", delta: { text: "hi" } }, "content_block_delta");
  test("at both ends of an Anthropic stream", () =>
    expect(
      inEvents(
        begun,
        delta.repeat(500),
        event({ type: "message_delta", usage: { output_tokens: 10 } }),
        event({ type: "message_stop" }),
      ),
    ).toEqual(found));
  test("at both ends of a short one", () =>
    expect(inEvents(begun, delta, event({ type: "message_delta", usage: { output_tokens: 10 } }))).toEqual(
      found,
    ));
  test("at both ends of one whose lines end in CRLF", () =>
    expect(
      inEvents(
        ...[begun, delta.repeat(500), event({ type: "message_delta", usage: { output_tokens: 10 } })].map(
          (events) => events.replaceAll("\n", "\r\n"),
        ),
      ),
    ).toEqual(found));
  test("as far as it goes, in one that broke off", () =>
    expect(inEvents(begun, delta.repeat(500))).toEqual({ inputTokens: 19, outputTokens: undefined }));
});

describe("what only looks like usage is not taken for it", () => {
  const fake = '","usage":{"prompt_tokens":1,"completion_tokens":1}} data: {"usage":{"prompt_tokens":1}}';
  test.each([
    ["a model that writes it", { choices: [{ message: { content: fake } }] }],
    [
      "a model that writes backslashes and quotes",
      { choices: [{ message: { content: `\\\\"${fake}\\"` } }] },
    ],
    ["one inside of a choice", { choices: [{ usage: tokens }] }],
    ["one inside of another member", { metadata: { usage: tokens } }],
    ["one inside of a member behind the answer", { response: { id: "x" }, metadata: { usage: tokens } }],
    ["null", { usage: null }],
    ["a list", { usage: [tokens] }],
    ["text", { usage: json(tokens) }],
    ["other names", { usage: { tokens: 3 } }],
    ["no counts", { usage: { prompt_tokens: -1, completion_tokens: 1.5 } }],
    ["numbers beyond belief", { usage: { prompt_tokens: 1e300, completion_tokens: "10" } }],
  ])("%s", (_name, body) => {
    expect(inJson(body)).toBeUndefined();
    expect(inEvents(many, event(body), done)).toBeUndefined();
  });

  test("a name that ends in it, wherever the beginning is cut off", () => {
    for (let length = 3950; length < 4150; length += 1)
      expect(inJson({ 'say "usage': { ...tokens, pad: "x".repeat(length) } })).toBeUndefined();
  });
  test("a model that writes it does not hide what follows", () => {
    const content = fake.repeat(50);
    expect(inJson({ choices: [{ message: { content } }], usage: tokens })).toEqual(found);
    expect(inEvents(chunk(content), event({ usage: tokens }), done)).toEqual(found);
  });
  test("a line of a stream that is no data", () =>
    expect(
      inEvents(many, `: {"usage":${json(tokens)}}\n\n`, `event: {"usage":${json(tokens)}}\n\n`),
    ).toBeUndefined());
  test("a broken document", () => {
    for (const body of [
      "",
      "{",
      '"usage"',
      '{"usage":{',
      '{"usage":{"prompt_tokens":}}',
      '"usage":{"prompt_tokens":1}}}}',
    ])
      expect(usageOf("application/json", body)).toBeUndefined();
  });
  test("a document that was cut off", () => {
    const body = json({ choices: [], usage: tokens, more: { a: 1 } });
    for (let length = 0; length < body.length; length += 1)
      expect(usageOf("application/json", body.slice(0, length))).toBeUndefined();
  });
});

describe("an answer is not listened to", () => {
  test.each([
    ["that is compressed", head("application/json", "Content-Encoding", "gzip")],
    ["of another type", head("text/plain")],
    ["without a type", { status: 200, reason: "OK", rawHeaders: [] }],
    ["that is an error", { ...head("application/json"), status: 500 }],
  ])("%s", (_name, answer) => expect(UsageTap.for(answer)).toBeUndefined());
  test("unless its coding is none", () =>
    expect(UsageTap.for(head("application/json", "content-encoding", "identity"))).toBeDefined());
});

test("a tap says whether the answer is a stream", () => {
  expect(UsageTap.for(head("text/event-stream; charset=utf-8"))?.streamed).toBe(true);
  expect(UsageTap.for(head("application/json"))?.streamed).toBe(false);
});

test.each([7, 30, 300, 3000])(
  "a tap keeps little of a long answer whose parts have %d bytes",
  (partBytes) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const used = (): number => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = used();
    const taps = Array.from({ length: 300 }, () => {
      const tap = new UsageTap(true);
      for (let sent = 0; sent < 15_000; sent += partBytes) tap.data(Buffer.alloc(partBytes, "x"));
      return tap;
    });
    expect((used() - before) / taps.length).toBeLessThan(24 * 1024);
    expect(taps.map((tap) => tap.finish())).toEqual(taps.map(() => undefined));
  },
);
