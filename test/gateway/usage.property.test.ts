import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerCache } from "../../src/gateway/cache/cache.ts";
import { limits } from "../../src/gateway/limits.ts";
import { UsageTap } from "../../src/gateway/metrics/usage.ts";
import { ResponseReader } from "../../src/gateway/upstream/response-reader.ts";

const text = fc.string({ unit: "binary", maxLength: 60 });
const long = fc.oneof(
  text,
  fc.nat(6000).map((length) => 'é"usage":{\\'.repeat(length / 10)),
);
const usage = fc.record(
  {
    prompt_tokens: fc.nat(1e6),
    completion_tokens: fc.nat(1e6),
    completion_tokens_details: fc.constantFrom(null, { reasoning_tokens: 0, note: '"}' }),
  },
  { requiredKeys: ["prompt_tokens", "completion_tokens"] },
);
const chunk = fc.record({ id: text, choices: fc.array(fc.record({ delta: fc.record({ content: long }) })) });

/** Gives a body to a tap, cut into parts of these sizes in turn; every other part as chunks where `framed` says so. */
function passed(tap: UsageTap, body: Buffer, sizes: readonly number[], framed: (part: number) => boolean) {
  let part = 0;
  for (let at = 0; at < body.length; part += 1) {
    const size = sizes[part % sizes.length] ?? 1;
    const bytes = body.subarray(at, at + size);
    at += size;
    if (framed(part)) {
      // Two chunks in one go, where there is enough for two.
      const half = bytes.length >> 1;
      const chunks = [bytes.subarray(0, half), bytes.subarray(half)].filter(({ length }) => length > 0);
      const wire = chunks.flatMap((data) => [
        Buffer.from(`${data.length.toString(16)}\r\n`),
        data,
        Buffer.from("\r\n"),
      ]);
      tap.framed(Buffer.concat(wire));
    } else tap.data(bytes);
  }
  return tap;
}

const tapped = (
  streamed: boolean,
  body: Buffer,
  sizes: readonly number[],
  framed: (part: number) => boolean,
) => passed(new UsageTap(streamed), body, sizes, framed).finish();

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })), {
  minLength: 1,
  maxLength: 8,
});
const whole = [1 << 30];

test("however a stream is cut and framed, its usage is what its last event says", () =>
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 30 }), usage, sizes, fc.nat(), (chunks, last, cuts, mix) => {
      const events = [...chunks, { choices: [], usage: last }].map(
        (value) => `data: ${JSON.stringify(value)}\n\n`,
      );
      const body = Buffer.from(`${events.join("")}data: [DONE]\n\n`);
      const expected = { inputTokens: last.prompt_tokens, outputTokens: last.completion_tokens };
      expect(tapped(true, body, whole, () => false)).toEqual(expected);
      expect(tapped(true, body, cuts, () => false)).toEqual(expected);
      expect(tapped(true, body, cuts, () => true)).toEqual(expected);
      expect(tapped(true, body, cuts, (part) => ((mix >> (part % 8)) & 1) === 1)).toEqual(expected);
    }),
    { numRuns: 200 },
  ));

test("however a document is cut and framed, its usage is what its end says", () =>
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 10 }), usage, sizes, fc.nat(), (choices, said, cuts, mix) => {
      const body = Buffer.from(JSON.stringify({ object: "x", choices, usage: said, end: null }));
      const expected = { inputTokens: said.prompt_tokens, outputTokens: said.completion_tokens };
      expect(tapped(false, body, whole, () => false)).toEqual(expected);
      expect(tapped(false, body, cuts, (part) => ((mix >> (part % 8)) & 1) === 1)).toEqual(expected);
    }),
    { numRuns: 200 },
  ));

test("cut in two at every byte, a stream and a document tell the same", () => {
  const last = { choices: [], usage: { prompt_tokens: 19, completion_tokens: 10 } };
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const delta = event({ choices: [{ delta: { content: '"usage":{"prompt_tokens":1} é' } }] });
  for (const [streamed, body] of [
    [true, Buffer.from(`${delta.repeat(60)}${event(last)}data: [DONE]\n\n`)],
    [false, Buffer.from(JSON.stringify({ text: delta.repeat(60), ...last }))],
  ] as const)
    for (let at = 1; at < body.length; at += 1)
      for (const framed of [true, false]) {
        const tell = tapped(streamed, body, [at, body.length], () => framed);
        if (tell?.inputTokens !== 19 || tell.outputTokens !== 10)
          expect({ at, framed, tell }).toBeUndefined();
      }
});

test("however a stream is cut and framed, as many events are counted as it has", () => {
  const field = fc.constantFrom("", "event: delta\n", ": data: none\n", "id: d\n", "retry: 1\n");
  const event = fc.tuple(field, chunk, fc.constantFrom("", ": ping\n\n"));
  const stream = fc.tuple(fc.array(event, { maxLength: 30 }), fc.constantFrom("\n", "\r\n"));
  fc.assert(
    fc.property(stream, sizes, fc.nat(), ([events, lineEnd], cuts, mix) => {
      const lines = events.map(
        ([before, value, ping]) => `${before}data:${JSON.stringify(value)}\n\n${ping}`,
      );
      const body = Buffer.from(lines.join("").replaceAll("\n", lineEnd));
      const counted = (how: readonly number[], framed: (part: number) => boolean) =>
        passed(new UsageTap(true, true), body, how, framed).events;
      expect(counted(whole, () => false)).toBe(events.length);
      expect(counted(cuts, () => true)).toBe(events.length);
      expect(counted([1], () => false)).toBe(events.length);
      expect(counted(cuts, (part) => ((mix >> (part % 8)) & 1) === 1)).toBe(events.length);
    }),
    { numRuns: 200 },
  );
});

test("no events are counted of a document, or where nobody asks for them", () => {
  for (const tap of [new UsageTap(false, true), new UsageTap(true)])
    expect(passed(tap, Buffer.from("data: x\n\n"), whole, () => false).events).toBeUndefined();
});

test("no bytes whatever make it throw, or tell differently when they are cut", () =>
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(
        fc.oneof(
          fc.constantFrom(
            '"usage":',
            '{"usage":{"prompt_tokens":1}}',
            "data: ",
            "\n\n",
            "{",
            "}",
            "[",
            "]",
            '"',
            "\\",
            ":",
            "\r",
          ),
          fc.string({ unit: "binary" }),
          fc.nat(3000).map((length) => "x".repeat(length)),
        ),
        { maxLength: 60 },
      ),
      sizes,
      (streamed, pieces, cuts) => {
        const body = Buffer.from(pieces.join(""));
        const expected = tapped(streamed, body, whole, () => false);
        expect(tapped(streamed, body, cuts, () => false)).toEqual(expected);
        expect(tapped(streamed, body, cuts, () => true)).toEqual(expected);
      },
    ),
    { numRuns: 1000 },
  ));

test("however a connection's reads fall, a tap finds the usage and a recording keeps the body", () =>
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 12 }),
      usage,
      sizes,
      fc.boolean(),
      (chunks, last, cuts, framed) => {
        const values = [...chunks, { choices: [], usage: last }].map((value) => JSON.stringify(value));
        const events = [...values, "[DONE]"].map((value) => Buffer.from(`data: ${value}\n\n`));
        const wire = Buffer.concat([
          Buffer.from(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
          ),
          ...events.flatMap((data) => [
            Buffer.from(`${data.length.toString(16)}\r\n`),
            data,
            Buffer.from("\r\n"),
          ]),
          Buffer.from("0\r\n\r\n"),
        ]);
        const cache = new AnswerCache({ sizeBytes: 1 << 22, ttlMs: 3_600_000 });
        const recording = cache.record("key", false);
        let tap: UsageTap | undefined;
        const reader = new ResponseReader("POST", {
          takesFramed: framed,
          informational: () => {},
          head: (head) => {
            tap = UsageTap.for(head);
            recording.head(head);
          },
          data: (part) => {
            tap?.data(part);
            recording.data(part);
          },
          framed: (bytes) => {
            tap?.framed(bytes);
            recording.framed(bytes);
          },
          end: (trailers) => recording.end(trailers),
        });
        for (let at = 0, part = 0; at < wire.length; part += 1) {
          const size = cuts[part % cuts.length] ?? 1;
          reader.read(wire.subarray(at, at + size));
          at += size;
        }
        expect(tap?.finish()).toEqual({
          inputTokens: last.prompt_tokens,
          outputTokens: last.completion_tokens,
        });
        const body = Buffer.concat(events);
        // The end of each part is kept as well: of what comes byte by byte, that is most.
        if (body.length * 10 < limits.cachedAnswerBytes) expect(cache.find("key")?.answer.body).toEqual(body);
      },
    ),
    { numRuns: 200 },
  ));
