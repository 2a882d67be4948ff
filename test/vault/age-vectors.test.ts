import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { armor, Decrypter } from "age-encryption";
import * as vectors from "cctv-age";
import { describe, expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { scryptIdentity, TooCostly } from "../../src/vault/identity/scrypt.ts";

// The age test vectors of C2SP (CCTV), through the reader as vaults and identities use it: the library, and a scrypt
// identity of our own.

interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly payload: string | undefined;
  readonly identities: readonly string[];
  readonly passphrases: readonly string[];
  readonly armored: boolean;
  readonly compressed: boolean;
  readonly file: Buffer;
}

/** A vector is a header of "key: value" lines, an empty line, and the age file. */
function read(name: string, bytes: Uint8Array): Vector {
  const text = Buffer.from(bytes);
  const end = text.indexOf("\n\n");
  const lines = text
    .subarray(0, end)
    .toString()
    .split("\n")
    .map((line) => line.split(/: ?/, 2));
  const all = (key: string) => lines.filter(([name]) => name === key).map(([, value = ""]) => value);
  const compressed = all("compressed").includes("zlib");
  const rest = text.subarray(end + 2);
  return {
    name,
    expect: all("expect")[0] ?? "",
    payload: all("payload")[0],
    identities: all("identity"),
    passphrases: all("passphrase"),
    armored: all("armored").includes("yes"),
    compressed,
    file: compressed ? inflateSync(rest) : rest,
  };
}

const named = Object.entries(vectors as Record<string, Uint8Array>).map(([name, bytes]) => read(name, bytes));
// Vaults have X25519 recipients, and identities scrypt ones.
const ours = named.filter(({ identities }) =>
  identities.every((identity) => identity.startsWith("AGE-SECRET-KEY-1")),
);

test("there are vectors of each sort", () => {
  expect(ours.length).toBeGreaterThan(80);
  expect(ours.filter(({ passphrases }) => passphrases.length > 0).length).toBeGreaterThan(10);
});

describe("a file is opened, or refused, as its vector says", () => {
  test.each(ours)("$name", async ({ expect: outcome, payload, identities, passphrases, armored, file }) => {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    for (const passphrase of passphrases) decrypter.addIdentity(scryptIdentity(new Secret(passphrase)));
    const opened = (async () => decrypter.decrypt(armored ? armor.decode(file.toString("latin1")) : file))();
    if (outcome !== "success") return expect(opened).rejects.toThrow();
    expect(
      createHash("sha256")
        .update(await opened)
        .digest("hex"),
    ).toBe(payload);
  });

  test("a work factor beyond the bound is refused as such", async () => {
    const vector = named.find(({ name }) => name.includes("scrypt_work_factor_23"));
    const decrypter = new Decrypter();
    decrypter.addIdentity(scryptIdentity(new Secret("password")));
    await expect(decrypter.decrypt(vector?.file ?? Buffer.alloc(0))).rejects.toBeInstanceOf(TooCostly);
  });
});
