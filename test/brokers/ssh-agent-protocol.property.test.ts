import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Frames, TooLong } from "../../src/brokers/ssh-agent-frames.ts";
import { readRequest } from "../../src/brokers/ssh-agent-message.ts";
import { purposeOf } from "../../src/brokers/ssh-agent-purpose.ts";
import { string, uint32 } from "../../src/vault/ssh/ssh-wire.ts";

const mostBytes = 1024;

/** Hands the bytes over in pieces that end at these places, and returns the messages. */
function framed(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const frames = new Frames(mostBytes);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return ends.flatMap((end, index) => frames.push(bytes.subarray(ends[index - 1] ?? 0, end)));
}

describe("the cutting of a stream into messages", () => {
  test("gives the messages that were sent, wherever the stream is split", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (messages, cuts) => {
          const all = Buffer.concat(messages.map((message) => string(message)));
          expect(framed(all, cuts)).toEqual(messages.map((message) => Buffer.from(message)));
        },
      ),
    );
  });

  test("gives the same for every single byte as for the whole", () => {
    const messages = [Buffer.of(11), Buffer.alloc(mostBytes, 7), Buffer.alloc(0), Buffer.of(13, 0)];
    const all = Buffer.concat(messages.map((message) => string(message)));
    expect(framed(all, [...all.keys()])).toEqual(messages);
  });

  test("refuses a length beyond the limit by its four bytes alone, and takes no memory for it", () => {
    fc.assert(
      fc.property(fc.integer({ min: mostBytes + 1, max: 0xffffffff }), fc.nat(3), (length, cut) => {
        expect(() => framed(uint32(length), [cut])).toThrow(TooLong);
      }),
    );
    const before = process.memoryUsage().arrayBuffers;
    expect(() => new Frames(mostBytes).push(uint32(0xffffffff))).toThrow(TooLong);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });

  test("holds one message and no more, however many begin and never end", () => {
    const begun = Array.from({ length: 1000 }, () => {
      const frames = new Frames(mostBytes);
      for (const byte of [...uint32(mostBytes), 1, 2, 3]) frames.push(Buffer.of(byte));
      return frames;
    });
    expect(begun.every(({ inside }) => inside)).toBe(true);
  });

  test("knows whether it stands inside a message, after every byte", () => {
    const frames = new Frames(mostBytes);
    const states = [...string(Buffer.of(1, 2)), ...string(Buffer.alloc(0))].map((byte) => {
      frames.push(Buffer.of(byte));
      return frames.inside;
    });
    expect(states).toEqual([true, true, true, true, true, false, true, true, true, false]);
  });
});

describe("the reading of a request", () => {
  test("understands each request that is written as the protocol says", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.nat(0xffffffff), (blob, data, flags) => {
        const message = Buffer.concat([Buffer.of(13), string(blob), string(data), uint32(flags)]);
        expect(readRequest(message)).toEqual({
          ask: "sign",
          blob: Buffer.from(blob),
          data: Buffer.from(data),
          flags,
        });
        // One byte more or less is another message.
        expect(readRequest(message.subarray(0, -1))).toEqual({ ask: "other" });
        expect(readRequest(Buffer.concat([message, Buffer.of(0)]))).toEqual({ ask: "other" });
      }),
    );
  });

  test("never throws, and takes nothing else for a request", () => {
    const number = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(number, fc.uint8Array({ maxLength: 64 }), (first, rest) => {
        const message = Buffer.concat([Buffer.of(first), rest]);
        const { ask } = readRequest(message);
        if (first !== 13) expect(ask).toBe(first === 11 && rest.length === 0 ? "list" : "other");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the purpose of a signature", () => {
  const login = (user: string) =>
    Buffer.concat([
      string("session"),
      Buffer.of(50),
      string(user),
      string("ssh-connection"),
      string("publickey"),
    ]);

  test.each([
    ["a login", login("root"), 'log in as "root"'],
    [
      "a signed commit",
      Buffer.concat([Buffer.from("SSHSIG"), string("git")]),
      'sign something of the namespace "git"',
    ],
    ["something else", Buffer.from("hello"), "sign 5 bytes of an unknown form"],
    ["a login without its service", login("root").subarray(0, 20), "sign 20 bytes of an unknown form"],
  ])("is told for %s", (_what, data, purpose) => expect(purposeOf(data)).toBe(purpose));

  test("is one short line of visible ASCII, whatever the program wrote", () => {
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.constant("\u001b[2J\r\nyes"));
    const data = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      text.map(login),
    );
    fc.assert(
      fc.property(data, (bytes) => {
        expect(purposeOf(bytes)).toMatch(/^[\x20-\x7e]{1,110}$/);
      }),
    );
  });
});
