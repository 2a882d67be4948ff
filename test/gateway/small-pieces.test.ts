import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { Held } from "../../src/gateway/attempts/held.ts";
import { SetAside } from "../../src/gateway/attempts/set-aside.ts";
import { AnswerCache } from "../../src/gateway/cache/cache.ts";
import type { Recording } from "../../src/gateway/cache/recording.ts";
import { Pieces } from "../../src/gateway/pieces.ts";
import type { ExchangeSink } from "../../src/gateway/upstream/exchange.ts";
import { bearer, startGateway } from "../support/gateway.ts";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startUpstream } from "../support/upstream.ts";

// Longer than any test takes: what has come of a list is held until its client leaves.
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: { ...limits, modelsMs: 3_600_000 } as unknown as typeof limits };
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const MB = 1_000_000;

function heldMB(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MB;
}

/** What was let go just now may be counted for a moment longer. */
const heldIsBelow = (mb: number): Promise<void> => eventually(() => expect(heldMB()).toBeLessThan(mb));

const singleBytes = (bytes: number): Buffer[] => {
  const all = Buffer.alloc(bytes, "x");
  return Array.from({ length: bytes }, (_, at) => all.subarray(at, at + 1));
};

const ok = {
  status: 200,
  reason: "OK",
  rawHeaders: ["Content-Type", "application/json", "Transfer-Encoding", "chunked"],
};

test("pieces of any size are kept byte for byte, in their order", () =>
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(3), fc.nat(5000), fc.nat(200_000)), { maxLength: 40 }),
      (lengths) => {
        const sent = lengths.map((length, at) => Buffer.alloc(length, at));
        const pieces = new Pieces();
        for (const piece of sent) {
          pieces.push(piece);
          // Whoever looks in between changes nothing.
          expect(Buffer.concat(pieces.all).length).toBe(pieces.bytes);
        }
        expect(Buffer.concat(pieces.all).equals(Buffer.concat(sent))).toBe(true);
      },
    ),
    { numRuns: 200 },
  ));

test("large pieces stay where they are", () => {
  const [first, second] = [Buffer.alloc(64 * 1024, "a"), Buffer.alloc(64 * 1024, "b")];
  const pieces = new Pieces();
  for (const piece of [first, Buffer.from("x"), second]) pieces.push(piece);
  expect([pieces.all[0], pieces.all[2]].map((piece) => piece?.buffer)).toEqual([first.buffer, second.buffer]);
});

describe("small pieces take little more memory than they are long", () => {
  test("single bytes", async () => {
    const sent = singleBytes(MB);
    const before = heldMB();
    const pieces = new Pieces();
    for (const piece of sent) pieces.push(piece);
    await heldIsBelow(before + 3);
    expect(pieces.bytes).toBe(sent.length);
  });

  test("single bytes between large ones", async () => {
    const large = Buffer.alloc(4 * 1024);
    const before = heldMB();
    const pieces = new Pieces();
    for (let i = 0; i < 1000; i += 1) for (const piece of [large, Buffer.from("x")]) pieces.push(piece);
    await heldIsBelow(before + (2 * pieces.bytes) / MB);
  });

  const tellings: Record<string, (recording: Recording, all: readonly Buffer[]) => void> = {
    "an answer that a cache hears, in single bytes": (recording, all) => {
      for (const part of all) recording.data(part);
    },
    "one that it hears in single bytes in their framing": (recording, all) => {
      const chunks = Buffer.from("1\r\nx\r\n".repeat(1000));
      for (let at = 0; at < all.length; at += 1000) recording.framed(chunks);
    },
  };
  for (const [what, tell] of Object.entries(tellings))
    test(what, async () => {
      const cache = new AnswerCache({ sizeBytes: 64 * MB, ttlMs: 60_000 });
      const all = singleBytes(200_000);
      const before = heldMB();
      const recordings = Array.from({ length: 5 }, (_, at) => cache.record(String(at), true));
      for (const recording of recordings) {
        recording.head(ok);
        tell(recording, all);
      }
      // A byte, and the four that tell where it ends; either may have doubled just now.
      await heldIsBelow(before + (5 * all.length * 10) / MB);
      for (const recording of recordings) recording.end([]);
      expect(cache.bytes).toBeGreaterThan(5 * all.length * 5);
      await heldIsBelow(before + (5 * all.length * 6) / MB);
    });

  const keepers: Record<string, () => ExchangeSink & Pick<Held, "giveTo">> = {
    "an answer that is set aside": () => new SetAside(ok, { sentBytes: 0, abort: () => {} }, () => {}),
    "an answer that is kept back": () => new Held(() => {}),
  };
  for (const [what, make] of Object.entries(keepers))
    test(`${what}, which is given in few pieces, whole`, async () => {
      const content = Buffer.alloc(60_000, "0123456789");
      const before = heldMB();
      const answers = Array.from({ length: 20 }, make);
      for (const answer of answers) {
        answer.head(ok);
        for (let at = 0; at < content.length; at += 1) answer.data(content.subarray(at, at + 1));
        answer.end(["X-Sum", "1"]);
      }
      await heldIsBelow(before + (20 * content.length * 4) / MB);
      for (const answer of answers) {
        const told: unknown[] = [];
        const pieces: Buffer[] = [];
        answer.giveTo({
          connected: () => {},
          uploaded: () => {},
          informational: () => {},
          head: (head) => told.push(head),
          data: (piece) => pieces.push(piece),
          flush: () => {},
          end: (trailers) => told.push(trailers),
          failed: (failure) => told.push(failure),
        });
        expect(told).toEqual([ok, ["X-Sum", "1"]]);
        expect(Buffer.concat(pieces).equals(content)).toBe(true);
        expect(pieces.length).toBeLessThan(10);
      }
    });

  test("a list of models that an endpoint sends in single bytes", async () => {
    const upstream = await startUpstream();
    const bytes = 3 * MB;
    const wire = Buffer.from("1\r\nx\r\n".repeat(bytes));
    const credentials = ["token"];
    const url = `${upstream.origin}/v1`;
    const gateway = await startGateway(
      { endpoints: { a: { url, credentials, models: ["a"] }, b: { url, credentials, models: ["b"] } } },
      { token: bearer("canary-bearer-pieces-8e21") },
    );
    const client = await connect(gateway.base);
    try {
      let sent = 0;
      upstream.answer = async (exchange) => {
        await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        await exchange.write(wire);
        sent += 1;
      };
      const before = heldMB();
      client.send({ target: "/v1/models" });
      await eventually(() => expect(sent).toBe(2));
      await heldIsBelow(before + 30);
    } finally {
      client.leave();
      await gateway[Symbol.asyncDispose]();
      await upstream.stop();
    }
  });
});
