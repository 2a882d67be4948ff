import { afterAll, expect, test } from "vitest";
import type { Code } from "../../src/errors/catalogue.ts";
import { Secret } from "../../src/secret.ts";
import type { Draft } from "../../src/vault/item.ts";
import { certificate } from "../../src/vault/kinds/certificate.ts";
import { armour, pemOf } from "../../src/vault/certificates/pem.ts";
import { Openssl, type Pair } from "./openssl.ts";
import { encryptedKeyBomb, joined, keyBomb, macBomb, pkcs12, withPbmac1 } from "./pkcs12-files.ts";

const openssl = new Openssl();
afterAll(() => openssl[Symbol.dispose]());

const passphrase = "canary-passphrase";
const ec = openssl.selfSigned("client.test", openssl.key("P-384"));
const rsa = openssl.selfSigned("client.rsa.test", openssl.key("RSA-2048"));
const whole = pkcs12(openssl, ec, passphrase);
const bare = pkcs12(openssl, ec, passphrase, ["-nomac", "-certpbe", "NONE"]);
const open = (pair: Partial<Pair>): Buffer =>
  pkcs12(openssl, pair, "", ["-nomac", "-certpbe", "NONE", "-keypbe", "NONE"]);
const changed = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0x55;
  return copy;
};
const encrypted = openssl.run(
  ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", `file:${openssl.file(`${passphrase}\n`)}`],
  ec.key,
);
const request = openssl.run([
  "req",
  "-new",
  "-key",
  openssl.file(ec.key),
  "-subj",
  "/CN=x",
  "-outform",
  "PEM",
]);
const requestDer = Buffer.from(request.replaceAll(/-.*-/g, ""), "base64");
const bundleDer = Buffer.from(
  openssl.run(["crl2pkcs7", "-nocrl", "-certfile", openssl.file(ec.certificate)]).replaceAll(/-.*-/g, ""),
  "base64",
);

/** A certificate that differs from this one in its signature, which nothing here verifies. */
function copyOf(certificate: string, index: number): string {
  const der = Buffer.from(certificate.replaceAll(/-.*-/g, ""), "base64");
  der.writeUInt16BE(index, der.length - 2);
  return pemOf("CERTIFICATE", der);
}

interface Given {
  readonly pem: string | Buffer;
  readonly passphrase?: string;
}

const accept = (given: Given): Promise<Draft> =>
  certificate.accept(
    {
      name: "gen-cert",
      source: "gen-cert.p12",
      facts: {},
      secrets: {
        pem: new Secret(typeof given.pem === "string" ? given.pem : armour(given.pem)),
        ...(given.passphrase !== undefined && { passphrase: new Secret(given.passphrase) }),
      },
    },
    new Date(),
  );

const refused: Record<string, readonly [Given, Code, RegExp]> = {
  "PKCS#12 without its passphrase": [{ pem: whole }, "key_encrypted", /encrypted/],
  "PKCS#12 with a wrong passphrase": [
    { pem: whole, passphrase: "wrong" },
    "passphrase_wrong",
    /does not open/,
  ],
  "PKCS#12 with a wrong passphrase, and of the older form": [
    { pem: pkcs12(openssl, ec, passphrase, ["-legacy"]), passphrase: "wrong" },
    "passphrase_wrong",
    /does not open/,
  ],
  "PKCS#12 with a wrong passphrase, and no MAC to tell it": [
    { pem: pkcs12(openssl, ec, passphrase, ["-nomac"]), passphrase: "wrong" },
    "passphrase_wrong",
    /does not open/,
  ],
  "PKCS#12 with a wrong passphrase, and no MAC, and of the older form": [
    { pem: pkcs12(openssl, ec, passphrase, ["-nomac", "-legacy"]), passphrase: "wrong" },
    "passphrase_wrong",
    /does not open/,
  ],
  "PKCS#12 without its passphrase, and no MAC to tell it": [{ pem: bare }, "key_encrypted", /encrypted/],
  "PKCS#12 with a wrong passphrase for its PBMAC1": [
    { pem: withPbmac1(bare, passphrase), passphrase: "wrong" },
    "passphrase_wrong",
    /does not open/,
  ],
  "PKCS#12 whose MAC and key have different passphrases": [
    { pem: withPbmac1(bare, "other"), passphrase: "other" },
    "pkcs12_unreadable",
    /does not open with the passphrase of the whole/,
  ],
  "PKCS#12 that was changed after it was made": [
    { pem: changed(whole, 200), passphrase },
    "passphrase_wrong",
    /does not open/,
  ],
  "PKCS#12 with several private keys": [
    { pem: joined(open(ec), open(rsa)) },
    "pkcs12_unreadable",
    /holds 2 private keys, and which one is meant/,
  ],
  "PKCS#12 without a private key": [
    { pem: pkcs12(openssl, { certificate: ec.certificate }, passphrase), passphrase },
    "certificate_without_key",
    /without its private key/,
  ],
  "PKCS#12 without a certificate": [
    { pem: pkcs12(openssl, { key: ec.key }, passphrase), passphrase },
    "certificate_unreadable",
    /only a private key/,
  ],
  "PKCS#12 that would hash for hours to check its MAC": [
    { pem: macBomb(whole), passphrase },
    "pkcs12_unreadable",
    /2,147,483,647 rounds of hashing/,
  ],
  "PKCS#12 that would hash for hours to open its key": [
    { pem: keyBomb(bare), passphrase },
    "pkcs12_unreadable",
    /2,147,483,647 rounds of hashing/,
  ],
  "PKCS#12 with more parts than any program writes": [
    { pem: joined(...Array.from({ length: 6 }, () => open(ec))) },
    "pkcs12_unreadable",
    /more parts/,
  ],
  "PKCS#12 that is cut off": [
    { pem: whole.subarray(0, whole.length / 2), passphrase },
    "certificate_unreadable",
    /neither DER nor PKCS#12, or it is cut off/,
  ],
  "PKCS#12 encrypted with RC4": [
    {
      pem: pkcs12(openssl, ec, passphrase, ["-legacy", "-keypbe", "PBE-SHA1-RC4-128"]),
      passphrase,
    },
    "pkcs12_unreadable",
    /a cipher that is not known here/,
  ],
  "PKCS#12 whose key belongs to another certificate": [
    { pem: joined(open({ key: ec.key }), open({ certificate: rsa.certificate })) },
    "certificate_key_mismatch",
    /CN=client\.rsa\.test/,
  ],
  "a certificate whose dates are none": [
    { pem: changed(openssl.der(ec.certificate), openssl.der(ec.certificate).indexOf("170d", "hex") + 4) },
    "certificate_unreadable",
    /damaged/,
  ],
  "a Java keystore of the older form": [
    { pem: Buffer.from("feedfeed00000002", "hex") },
    "certificate_unreadable",
    /keytool -importkeystore/,
  ],
  "a request in DER": [{ pem: requestDer }, "certificate_unreadable", /a request for one/],
  "a PKCS#7 bundle in DER": [{ pem: bundleDer }, "certificate_unreadable", /PKCS#7 bundle/],
  "a certificate alone in DER": [{ pem: openssl.der(ec.certificate) }, "certificate_without_key", /without/],
  "a key alone in DER": [{ pem: openssl.der(ec.key) }, "certificate_unreadable", /only a private key/],
  "a picture": [
    { pem: Buffer.from("89504e470d0a1a0a0000000d49484452", "hex") },
    "certificate_unreadable",
    /neither DER nor PKCS#12/,
  ],
  "a megabyte of nothing but nesting": [
    { pem: Buffer.alloc(1_000_000, Buffer.from("3080", "hex")) },
    "certificate_unreadable",
    /neither DER nor PKCS#12/,
  ],
  "PEM with an encrypted key that would hash for hours": [
    { pem: ec.certificate + encryptedKeyBomb(encrypted), passphrase },
    "key_unreadable",
    /2,147,483,647 rounds of hashing/,
  ],
  "PEM with more keys than any file has": [
    { pem: ec.certificate + rsa.key.repeat(17) },
    "key_unreadable",
    /17 private keys/,
  ],
  "PEM with more certificates than any chain": [
    {
      pem: ec.key + Array.from({ length: 201 }, (_, index) => copyOf(ec.certificate, index)).join(""),
    },
    "certificate_unreadable",
    /201 certificates/,
  ],
};

test.each(Object.entries(refused))("%s is refused with its reason", async (_what, [given, code, message]) => {
  const error = await accept(given).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(String(error)).not.toContain("canary");
});
