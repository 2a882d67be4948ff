import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { succeeded } from "../../src/gateway/cache/success.ts";
import { isReadable } from "../../src/gateway/content.ts";
import type { ResponseHead } from "../../src/gateway/upstream/response-reader.ts";

const headWith = (...rawHeaders: string[]): ResponseHead => ({ status: 200, reason: "OK", rawHeaders });
const ofDocument = (text: string): boolean | undefined =>
  succeeded(headWith("Content-Type", "application/json"), Buffer.from(text));
const ofStream = (text: string): boolean | undefined =>
  succeeded(headWith("Content-Type", "text/event-stream; charset=utf-8"), Buffer.from(text));
const chunk = (more: object = {}, choice: object = { finish_reason: null }): object => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: { content: "é" }, ...choice }],
  ...more,
});
const events = (...all: readonly (object | string)[]): string =>
  all.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");
const failed = { code: 500, message: "the engine died" };

describe("a document is good", () => {
  test.each<[string, object]>([
    ["a chat completion", { object: "chat.completion", choices: [{ finish_reason: "length" }], usage: {} }],
    ["embeddings", { object: "list", data: [{ object: "embedding", embedding: [0.1] }] }],
    ["a response", { object: "response", status: "completed", error: null, output: [{ type: "message" }] }],
    ["one in which a model writes of errors", { choices: [{ text: '{"error":{}} "status":"failed"' }] }],
    ["one with an error at another place", { choices: [], metadata: { error: "none" } }],
  ])("%s", (_what, answer) => expect(ofDocument(JSON.stringify(answer))).toBe(true));
});

describe("a document is not good", () => {
  test.each<[string, object]>([
    ["a failed response", { object: "response", status: "failed", error: failed, output: [] }],
    ["one whose status alone tells it", { object: "response", status: "failed", error: null }],
    ["an incomplete response", { object: "response", status: "incomplete", output: [] }],
    ["a cancelled response", { object: "response", status: "cancelled" }],
    ["an error in spite of its status", { error: failed }],
    ["an error that is no object", { error: "overloaded" }],
    ["an error by its type", { type: "error", message: "overloaded" }],
    ["an error by its object, as FastChat writes it", { object: "error", message: "overloaded" }],
    ["one of several choices that failed", { choices: [{ finish_reason: "stop" }, { error: failed }] }],
    ["what vLLM was stopped in", { choices: [{ text: "half", finish_reason: "abort" }] }],
  ])("%s", (_what, answer) => {
    // As one writes it without spaces, with some, and over several lines.
    expect(ofDocument(JSON.stringify(answer))).toBe(false);
    expect(ofDocument(JSON.stringify(answer).replaceAll(":", " : "))).toBe(false);
    expect(ofDocument(JSON.stringify(answer, undefined, 2))).toBe(false);
  });

  test("one whose key is written with escapes", () => {
    expect(ofDocument(String.raw`{"\u0065rror":{}}`)).toBe(false);
    expect(ofDocument(String.raw`{"choices":[{"finish\u005freason":"abort"}]}`)).toBe(false);
  });

  // What V8 reads here depends on what it read before (https://github.com/nodejs/node/issues/63785).
  test("one whose key may have been read as another", () => {
    const first = '{"id":"r","model":"m",';
    JSON.parse(String.raw`${first}"\\u0065rr":1}`);
    expect(ofDocument(String.raw`${first}"\u0065rror":{"code":500}}`)).toBe(false);
  });
});

test.each(["", "no JSON", '{"choices":[', "[]", "null", '"text"', "7"])(
  "what is no JSON object says nothing of how it went: %j",
  (text) => expect(ofDocument(text)).toBeUndefined(),
);

describe("a stream is good", () => {
  const completed = { type: "response.completed", response: { status: "completed", error: null } };
  test.each<[string, string]>([
    ["of a chat", events(chunk(), chunk({ usage: {} }, { finish_reason: "stop" }), "[DONE]")],
    ["with CRLF, no blank behind the colon and comments", ': hi\r\ndata:{"a":1}\r\n\r\ndata:[DONE]\r\n\r\n'],
    ["whose last line does not end", 'data: {"a":1}\n\ndata: [DONE]'],
    ["with empty events between", `data:\n\n${events({}, "[DONE]")}`],
    [
      "of a response",
      `event: response.created\n${events({ type: "response.created", response: { status: "in_progress" } })}event: response.completed\n${events(completed)}`,
    ],
    ["in which a model writes of errors", events(chunk({}, { text: '\nevent: error\n"error":1' }), "[DONE]")],
  ])("%s", (_what, text) => expect(ofStream(text)).toBe(true));
});

describe("a stream is not good", () => {
  test.each<[string, string]>([
    ["without its end", events(chunk(), chunk())],
    ["without anything", ""],
    ["whose end is only written by the model", events(chunk({}, { text: "data: [DONE]" }))],
    ["that tells of an error", events(chunk(), { error: failed }, "[DONE]")],
    [
      "that tells of an error with Python's spaces",
      'data: {"type": "error", "error": {"message": "x"}}\n\ndata: [DONE]\n\n',
    ],
    ["that tells of an error beside its choices", events(chunk({ error: failed }), "[DONE]")],
    ["that tells of an error in a choice", events(chunk({}, { error: failed }), "[DONE]")],
    ["with an event that is an error", 'event: error\ndata: {"message":"x"}\n\ndata: [DONE]\n\n'],
    ["that tells of an error behind its end", events("[DONE]", { error: failed })],
    ["that vLLM was stopped in", events(chunk(), chunk({}, { finish_reason: "abort" }), "[DONE]")],
    ["whose response failed", events({ type: "response.failed", response: { error: failed } }, "[DONE]")],
    [
      "whose response is incomplete, though the event calls it completed",
      events({ type: "response.completed", response: { status: "incomplete" } }),
    ],
    ["with what is no JSON", events("oops", "[DONE]")],
  ])("%s", (_what, text) => expect(ofStream(text)).toBe(false));

  test("wherever the error stands in it, and however the lines end", () =>
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.nat(20),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.constantFrom<object>({ error: failed }, { type: "error" }, chunk({}, { finish_reason: "error" })),
        (before, behind, end, failure) => {
          const good = (count: number): object[] => Array.from({ length: count }, () => chunk());
          const written = (...all: object[]): string => events(...all, "[DONE]").replaceAll("\n", end);
          expect(ofStream(written(...good(before), ...good(behind)))).toBe(true);
          expect(ofStream(written(...good(before), failure, ...good(behind)))).toBe(false);
        },
      ),
    ));
});

test("no bytes make the judgement throw", () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, streamed) => {
      const type = streamed ? "text/event-stream" : "application/json";
      expect(() => succeeded(headWith("Content-Type", type), Buffer.from(bytes))).not.toThrow();
    }),
  ));

test("only an answer without a content coding can be read", () => {
  expect(isReadable([])).toBe(true);
  expect(isReadable(["Content-Encoding", "Identity"])).toBe(true);
  for (const coding of ["gzip", "br", "identity, zstd", "unknown"])
    expect(isReadable(["content-encoding", coding])).toBe(false);
});
