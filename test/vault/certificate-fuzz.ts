import { afterAll, expect, test } from "vitest";
import * as fc from "fast-check";
import { PosternError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { certificate } from "../../src/vault/kinds/certificate.ts";
import { armour, pemBlocks } from "../../src/vault/certificates/pem.ts";
import { Openssl } from "./openssl.ts";
import { pkcs12, withPbmac1 } from "./pkcs12-files.ts";

// Whatever a file holds, it is taken or refused with an error of the catalogue: nothing crashes, and nothing hangs.

const openssl = new Openssl();
const passphrase = "canary-passphrase";
const pair = openssl.selfSigned("client.test", openssl.key("P-384"));
const rsa = openssl.selfSigned("client.rsa.test", openssl.key("RSA-2048"));
const protect = (args: readonly string[], key: string): string =>
  openssl.run([...args, "-passout", `file:${openssl.file(`${passphrase}\n`)}`], key);

const texts: readonly string[] = [
  pair.key + pair.certificate,
  openssl.run(["ec"], pair.key) + pair.certificate,
  protect(["pkcs8", "-topk8", "-v2", "aes-256-cbc"], pair.key) + pair.certificate,
  protect(["pkcs8", "-topk8", "-scrypt"], pair.key) + pair.certificate,
  protect(["pkcs8", "-topk8", "-v1", "PBE-SHA1-3DES"], pair.key) + pair.certificate,
  protect(["rsa", "-traditional", "-aes256"], rsa.key) + rsa.certificate,
];
const file = (options: readonly string[]): Buffer =>
  pkcs12(openssl, pair, passphrase, ["-iter", "16", ...options]);
const binaries: readonly Buffer[] = [
  file([]),
  file(["-legacy"]),
  file(["-nomac"]),
  file(["-nomac", "-certpbe", "NONE"]),
  file(["-nomac", "-certpbe", "NONE", "-keypbe", "NONE"]),
  withPbmac1(file(["-nomac"]), passphrase),
  openssl.der(pair.certificate),
  openssl.der(pair.key),
  openssl.der(rsa.key),
];

/** A few bytes changed, put in or left out, and perhaps the end cut off. */
const mutated = (samples: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .record({
      sample: fc.constantFrom(...samples),
      edits: fc.array(
        fc.record({
          at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
          byte: fc.oneof(
            fc.integer({ min: 0, max: 255 }),
            fc.constantFrom(0x00, 0x30, 0x7f, 0x80, 0x84, 0xff),
          ),
          what: fc.constantFrom("change", "insert", "remove"),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      keep: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
    })
    .map(({ sample, edits, keep }) => {
      const bytes = [...sample.subarray(0, Math.ceil(sample.length * keep))];
      for (const { at, byte, what } of edits)
        bytes.splice(
          Math.floor(at * bytes.length),
          what === "insert" ? 0 : 1,
          ...(what === "remove" ? [] : [byte]),
        );
      return Buffer.from(bytes);
    });

async function isTakenOrRefused(pem: string): Promise<void> {
  const given = { pem: new Secret(pem), passphrase: new Secret(passphrase) };
  const input = { name: "x", source: "file", facts: {}, secrets: given };
  try {
    certificate.recheck({
      ...(await certificate.accept(input, new Date())),
      name: "x",
      kind: "certificate",
      created: new Date(),
      changed: new Date(),
    });
  } catch (error) {
    expect(error).toBeInstanceOf(PosternError);
    expect(String(error)).not.toContain("canary");
  }
}

/** That many files of each sort are taken or refused. */
export function takesOrRefuses(numRuns: number): void {
  const runs = { numRuns };
  afterAll(() => openssl[Symbol.dispose]());

  test("taken or refused, with no crash and no hang: PEM with changed bytes", () =>
    fc.assert(
      fc.asyncProperty(mutated(texts.map((text) => Buffer.from(text))), (bytes) =>
        isTakenOrRefused(bytes.toString("utf8")),
      ),
      runs,
    ));

  test("taken or refused, with no crash and no hang: PEM whose blocks have changed bytes within", () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts).chain((text) => {
          const blocks = pemBlocks(text);
          return fc.tuple(
            ...blocks.map(({ label, text }) =>
              mutated([Buffer.from(text.replaceAll(/^-.*$|^.*:.*$/gm, ""), "base64")]).map(
                (bytes) => `-----BEGIN ${label}-----\n${bytes.toString("base64")}\n-----END ${label}-----\n`,
              ),
            ),
          );
        }),
        (blocks) => isTakenOrRefused(blocks.join("")),
      ),
      runs,
    ));

  test("taken or refused, with no crash and no hang: PKCS#12 and DER with changed bytes", () =>
    fc.assert(
      fc.asyncProperty(mutated(binaries), (bytes) => isTakenOrRefused(armour(bytes))),
      runs,
    ));

  test("taken or refused, with no crash and no hang: any bytes, and any text", () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 500 }),
        fc.string({ unit: "binary" }),
        async (bytes, text) => {
          await isTakenOrRefused(armour(Buffer.from(bytes)));
          await isTakenOrRefused(armour(Buffer.from([0x30, 0x80, ...bytes])));
          await isTakenOrRefused(text);
        },
      ),
      runs,
    ));
}
