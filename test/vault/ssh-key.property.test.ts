import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { PosternError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { formatSshKey, makeSshKey, type SshKey, sshKeyTypes } from "../../src/vault/ssh/ssh-key.ts";
import { readSshKey } from "../../src/vault/ssh/ssh-open.ts";
import { mpint, string, uint32, WireReader } from "../../src/vault/ssh/ssh-wire.ts";

let keys: readonly SshKey[];
let texts: readonly string[];
beforeAll(async () => {
  keys = await Promise.all(sshKeyTypes.map((type) => makeSshKey(type, "me@test")));
  texts = keys.map((key) => formatSshKey(key).expose());
});

/** What the reader makes of a text: a key, or the code of the error; anything else that it throws fails the test. */
async function outcome(text: string, passphrase?: Secret): Promise<string> {
  try {
    const { blob } = await readSshKey(text, passphrase, "the test");
    return blob.toString("base64");
  } catch (error) {
    if (error instanceof PosternError) {
      expect(error.message.length).toBeLessThan(400);
      return error.code;
    }
    throw error;
  }
}

const refusals = ["key_unreadable", "key_encrypted", "passphrase_wrong"];

const edges = ["-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----"] as const;
const bytesOf = (text: string): Buffer => Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
const textOf = (bytes: Uint8Array): string =>
  [
    edges[0],
    ...(Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,70}/g) ?? []),
    edges[1],
    "",
  ].join("\n");

describe("the reader of SSH keys", () => {
  test("reads what was written, of every type and with every comment on one line", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sshKeyTypes.length - 1),
        fc.string({ unit: "grapheme" }),
        async (which, text) => {
          const comment = text.replaceAll(/\p{Cc}/gu, "").trim();
          const key = { ...(keys[which] as SshKey), comment };
          const read = await readSshKey(formatSshKey(key).expose(), undefined, "the test");
          expect({ comment: read.comment, same: read.blob.equals(key.blob) }).toEqual({
            comment,
            same: true,
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  test("takes a key with any bytes changed for that key, or refuses it", async () => {
    const change = fc.record({ at: fc.nat(), to: fc.uint8Array({ minLength: 1, maxLength: 8 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.nat(sshKeyTypes.length - 1),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        async (which, changes) => {
          const bytes = bytesOf(texts[which] ?? "");
          for (const { at, to } of changes) bytes.set(to.subarray(0, 1), at % bytes.length);
          const same = keys[which]?.blob.toString("base64");
          expect([...refusals, same]).toContain(await outcome(textOf(bytes), new Secret("words")));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("refuses a key that is cut off at any byte", async () => {
    const bytes = bytesOf(texts[0] ?? "");
    for (let end = 0; end < bytes.length; end += 1)
      expect({ end, outcome: await outcome(textOf(bytes.subarray(0, end))) }).toEqual({
        end,
        outcome: "key_unreadable",
      });
  });

  test("refuses random bytes, random fields with false lengths, and random text", async () => {
    const bytes = fc.uint8Array({ maxLength: 512 });
    const field = fc.oneof(
      bytes.map((value) => string(value)),
      fc.tuple(fc.nat(0xffffffff), bytes).map(([length, value]) => Buffer.concat([uint32(length), value])),
      fc
        .constantFrom(
          "none",
          "bcrypt",
          "aes256-ctr",
          "aes256-gcm@openssh.com",
          "ssh-ed25519",
          "ssh-rsa",
          "ssh-dss",
        )
        .map((name) => string(name)),
      fc.nat(32).map(uint32),
    );
    const made = fc
      .array(field, { maxLength: 12 })
      .map((fields) => textOf(Buffer.concat([Buffer.from("openssh-key-v1\0"), ...fields])));
    const labels = ["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "PUBLIC KEY"];
    const pem = fc
      .tuple(fc.constantFrom(...labels), fc.base64String({ maxLength: 400 }))
      .map(([label, body]) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`);
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes.map(textOf), made, pem, fc.string()), async (text) => {
        expect(refusals).toContain(await outcome(text, new Secret("words")));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the wire's numbers and strings", () => {
  test("come back as they were written, whatever follows", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(0xffffffff), fc.uint8Array(), (text, number, rest) => {
        const reader = new WireReader(Buffer.concat([string(text), uint32(number), rest]));
        expect(reader.string()).toEqual(Buffer.from(text));
        expect(reader.uint32()).toBe(number);
        expect(reader.bytes(rest.length)).toEqual(Buffer.from(rest));
        expect(reader.done).toBe(true);
      }),
    );
  });

  test("a whole number has its shortest form, and is never negative (RFC 4251 §5)", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 1n << 600n }), fc.nat(4), (number, zeros) => {
        const hex = number.toString(16);
        const bytes = Buffer.from(`${"00".repeat(zeros)}${hex.length % 2 === 0 ? "" : "0"}${hex}`, "hex");
        const written = new WireReader(mpint(bytes)).string();
        expect(BigInt(`0x${written.toString("hex") || "0"}`)).toBe(number);
        expect((written[0] ?? 0) < 0x80).toBe(true);
        if (written[0] === 0) expect(written[1]).toBeGreaterThanOrEqual(0x80);
      }),
    );
  });
});
