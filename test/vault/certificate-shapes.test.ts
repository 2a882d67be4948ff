import { createPrivateKey, X509Certificate } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { Code } from "../../src/errors/catalogue.ts";
import { Secret } from "../../src/secret.ts";
import type { Draft } from "../../src/vault/item.ts";
import { certificate } from "../../src/vault/kinds/certificate.ts";
import { type KeyType, Openssl, type Pair } from "./openssl.ts";

const openssl = new Openssl();
afterAll(() => openssl[Symbol.dispose]());

const passphrase = "correct horse";
const protect = (args: readonly string[], key: string): string =>
  openssl.run([...args, "-passout", `file:${openssl.file(passphrase)}`], key);

const ca = openssl.selfSigned("ca.test", openssl.key("P-384"));
const middle = openssl.signed("middle.test", openssl.key("P-384"), ca, { ca: true });
const lower = openssl.signed("lower.test", openssl.key("P-256"), middle, { ca: true });
const ec = openssl.signed("client.test", openssl.key("P-384"), ca);
const rsa = openssl.signed("client.rsa.test", openssl.key("RSA-2048"), ca);
const ed = openssl.signed("client.ed.test", openssl.key("Ed25519"), ca);
const deep = openssl.signed("client.deep.test", openssl.key("P-384"), lower);
const expired = openssl.signed("client.old.test", openssl.key("P-384"), ca, {
  dates: ["200101000000Z", "210101000000Z"],
});
const future = openssl.signed("client.new.test", openssl.key("P-384"), ca, {
  dates: ["480101000000Z", "490101000000Z"],
});
const renewed = openssl.signed("client.new.test", expired.key, ca);

const other = (type: KeyType): Pair => openssl.signed(`client.${type}.test`, openssl.key(type), ca);
const [p521, pss, ed448] = [other("P-521"), other("RSA-PSS-2048"), other("Ed448")];
const [secp256k1, rsa1024] = [other("secp256k1"), other("RSA-1024")];
const dsa = openssl.selfSigned(
  "dsa.test",
  openssl.run(["genpkey", "-paramfile", openssl.file(openssl.run(["dsaparam", "1024"]))]),
);
const weakCa = openssl.selfSigned("weak.test", openssl.key("RSA-1024"));
const authority = openssl.signed("client.ca.test", openssl.key("P-384"), ca, { ca: true });
const crossed = openssl.signed(
  "middle.test",
  middle.key,
  openssl.selfSigned("ca2.test", openssl.key("P-384")),
  { ca: true },
);

const sec1 = openssl.run(["ec"], ec.key);
const pkcs1 = openssl.run(["rsa", "-traditional"], rsa.key);
const encryptedPkcs8 = protect(["pkcs8", "-topk8", "-v2", "aes-256-cbc"], ec.key);
const encryptedScrypt = protect(["pkcs8", "-topk8", "-scrypt"], ec.key);
const encryptedSec1 = protect(["ec", "-aes128"], ec.key);
const encryptedPkcs1 = protect(["rsa", "-traditional", "-aes256"], rsa.key);
const parameters = openssl.run(["ecparam", "-name", "secp384r1"]);
const bagAttributes = (() => {
  const files = ["-in", openssl.file(ec.certificate), "-inkey", openssl.file(ec.key)];
  const out = openssl.folder.file("bag.p12");
  openssl.run(["pkcs12", "-export", ...files, "-passout", "pass:", "-name", "gen-cert", "-out", out]);
  return openssl.run(["pkcs12", "-in", out, "-passin", "pass:", "-nodes"]);
})();
const asText = openssl.run(["x509", "-text"], ec.certificate);

interface Given {
  readonly pem: string;
  readonly key?: string;
  readonly passphrase?: string;
}

const accept = ({ pem, ...more }: Given): Promise<Draft> =>
  certificate.accept(
    {
      name: "gen-cert",
      source: "gen-cert.pem",
      sources: { key: "gen-cert.key" },
      facts: {},
      secrets: Object.fromEntries(
        Object.entries({ pem, ...more }).map(([field, value]) => [field, new Secret(value)]),
      ),
    },
    new Date(),
  );

const join = (...texts: readonly string[]): string => texts.join("");

const good: Record<string, readonly [Given, Pair]> = {
  "key first, as the platform writes it": [{ pem: join(ec.key, ec.certificate) }, ec],
  "certificate first": [{ pem: join(ec.certificate, ec.key) }, ec],
  "separate files": [{ pem: ec.certificate, key: ec.key }, ec],
  "a key of its own beside a file with another key": [
    { pem: join(rsa.key, ec.certificate), key: ec.key },
    ec,
  ],
  "SEC1 key": [{ pem: join(ec.certificate, sec1) }, ec],
  "SEC1 key after its parameters": [{ pem: join(parameters, sec1, ec.certificate) }, ec],
  "RSA, PKCS#8": [{ pem: join(rsa.key, rsa.certificate) }, rsa],
  "RSA, PKCS#1": [{ pem: join(pkcs1, rsa.certificate) }, rsa],
  Ed25519: [{ pem: join(ed.key, ed.certificate) }, ed],
  Ed448: [{ pem: join(ed448.key, ed448.certificate) }, ed448],
  "P-521": [{ pem: join(p521.key, p521.certificate) }, p521],
  "RSA-PSS": [{ pem: join(pss.key, pss.certificate) }, pss],
  "a self-signed CA of its own": [{ pem: join(ca.key, ca.certificate) }, ca],
  "a certificate that may sign others": [{ pem: join(authority.key, authority.certificate) }, authority],
  "the same key twice": [{ pem: join(ec.key, ec.certificate, ec.key) }, ec],
  "another certificate's key before its own": [{ pem: join(rsa.key, ec.key, ec.certificate) }, ec],
  "old Mac line ends": [{ pem: join(ec.key, ec.certificate).replaceAll("\n", "\r") }, ec],
  "a chain with a cross-signed CA": [
    { pem: join(deep.key, deep.certificate, lower.certificate, crossed.certificate, middle.certificate) },
    deep,
  ],
  "encrypted PKCS#8": [{ pem: join(encryptedPkcs8, ec.certificate), passphrase }, ec],
  "encrypted PKCS#8 with scrypt": [{ pem: join(encryptedScrypt, ec.certificate), passphrase }, ec],
  "encrypted SEC1, as older programs write it": [
    { pem: join(encryptedSec1, ec.certificate), passphrase },
    ec,
  ],
  "encrypted PKCS#1, as older programs write it": [
    { pem: join(encryptedPkcs1, rsa.certificate), passphrase },
    rsa,
  ],
  "encrypted key in a file of its own": [{ pem: ec.certificate, key: encryptedPkcs8, passphrase }, ec],
  "a passphrase file that ends with a line break": [
    { pem: join(encryptedPkcs8, ec.certificate), passphrase: `${passphrase}\n` },
    ec,
  ],
  "a passphrase that the key does not need": [{ pem: join(ec.key, ec.certificate), passphrase }, ec],
  "Windows line ends": [{ pem: join(ec.key, ec.certificate).replaceAll("\n", "\r\n") }, ec],
  "a byte order mark": [{ pem: `\uFEFF${join(ec.key, ec.certificate)}` }, ec],
  "no line break at the end": [{ pem: join(ec.key, ec.certificate).trimEnd() }, ec],
  "indentation, as pasted from YAML": [{ pem: join(ec.key, ec.certificate).replace(/^/gm, "    ") }, ec],
  "openssl's bag attributes": [{ pem: bagAttributes }, ec],
  "openssl's -text output": [{ pem: join(asText, ec.key) }, ec],
  "its CA first": [{ pem: join(ca.certificate, ec.certificate, ec.key) }, ec],
  "a chain upside down": [
    { pem: join(ca.certificate, middle.certificate, lower.certificate, deep.certificate, deep.key) },
    deep,
  ],
  "a renewed certificate beside the expired one of the same key": [
    { pem: join(expired.certificate, renewed.certificate, renewed.key) },
    renewed,
  ],
  "the same certificate twice": [{ pem: join(ec.certificate, ec.key, ec.certificate) }, ec],
};

describe("taken", () => {
  test.each(Object.entries(good))("%s", async (_shape, [given, pair]) => {
    const { facts, secrets, expires } = await accept(given);
    const kept = new X509Certificate(facts["certificate"] ?? "");
    const expected = new X509Certificate(pair.certificate);
    expect(kept.fingerprint256).toBe(expected.fingerprint256);
    expect(facts["fingerprint"]).toBe(expected.fingerprint256);
    expect(expires).toEqual(expected.validToDate);
    const key = secrets["key"]?.expose() ?? "";
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(kept.checkPrivateKey(createPrivateKey(key))).toBe(true);
  });

  test("a chain is kept in issuing order, and its CA is known", async () => {
    const { facts } = await accept({
      pem: join(
        ca.certificate,
        rsa.certificate,
        middle.certificate,
        deep.certificate,
        deep.key,
        lower.certificate,
      ),
    });
    const subjects = (facts["certificate"] ?? "")
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .map((pem) => new X509Certificate(pem).subject);
    expect(subjects).toEqual([
      "CN=client.deep.test",
      "CN=lower.test",
      "CN=middle.test",
      "CN=ca.test",
      "CN=client.rsa.test",
    ]);
    expect(new X509Certificate(facts["ca"] ?? "").subject).toBe("CN=ca.test");
  });
});

const cut = (text: string): string => text.slice(0, text.length / 2);
const noise = (text: string): string => text.replace(/\n[A-Za-z0-9+/]{20}/, "\nAAAAAAAAAAAAAAAAAAAA");

const bad: Record<string, readonly [Given, Code, RegExp]> = {
  "an empty file": [{ pem: "" }, "certificate_unreadable", /no BEGIN CERTIFICATE/],
  garbage: [{ pem: "\u0000\u0001garbage" }, "certificate_unreadable", /no BEGIN CERTIFICATE/],
  "a web page": [{ pem: "<html><body>Sign in</body></html>" }, "certificate_unreadable", /gen-cert\.pem/],
  "a key alone": [{ pem: ec.key }, "certificate_unreadable", /only a private key/],
  "a certificate alone": [{ pem: ec.certificate }, "certificate_without_key", /gen-cert\.pem/],
  "a request": [
    { pem: join(openssl.run(["req", "-new", "-key", openssl.file(ec.key), "-subj", "/CN=x"]), ec.key) },
    "certificate_unreadable",
    /a request/,
  ],
  "the key of another certificate": [
    { pem: join(deep.key, ec.certificate) },
    "certificate_key_mismatch",
    /CN=client\.test/,
  ],
  "an RSA certificate with an EC key": [
    { pem: join(ec.key, rsa.certificate) },
    "certificate_key_mismatch",
    /gen-cert\.pem/,
  ],
  "an EC certificate with an RSA key": [
    { pem: join(rsa.key, ec.certificate) },
    "certificate_key_mismatch",
    /gen-cert\.pem/,
  ],
  "the wrong separate key": [
    { pem: ec.certificate, key: deep.key },
    "certificate_key_mismatch",
    /gen-cert\.key/,
  ],
  "a separate key file without a key": [
    { pem: ec.certificate, key: ec.certificate },
    "key_unreadable",
    /gen-cert\.key/,
  ],
  expired: [{ pem: join(expired.key, expired.certificate) }, "certificate_expired", /2021-01-01/],
  "not yet valid": [{ pem: join(future.key, future.certificate) }, "certificate_not_yet_valid", /2048-01-01/],
  "encrypted PKCS#8 without its passphrase": [
    { pem: join(encryptedPkcs8, ec.certificate) },
    "key_encrypted",
    /encrypted/,
  ],
  "encrypted SEC1 without its passphrase": [
    { pem: join(encryptedSec1, ec.certificate) },
    "key_encrypted",
    /encrypted/,
  ],
  "the wrong passphrase": [
    { pem: join(encryptedPkcs8, ec.certificate), passphrase: "wrong" },
    "passphrase_wrong",
    /does not open/,
  ],
  "the wrong passphrase of an older form": [
    { pem: join(encryptedPkcs1, rsa.certificate), passphrase: "wrong" },
    "passphrase_wrong",
    /does not open/,
  ],
  "a DSA key, which TLS 1.3 cannot show": [
    { pem: join(dsa.key, dsa.certificate) },
    "certificate_unusable",
    /its type of key, DSA-1024/,
  ],
  "a secp256k1 key, which TLS 1.3 cannot show": [
    { pem: join(secp256k1.key, secp256k1.certificate) },
    "certificate_unusable",
    /its type of key, secp256k1/,
  ],
  "an RSA key of 1024 bits": [
    { pem: join(rsa1024.key, rsa1024.certificate) },
    "certificate_unusable",
    /its key is too short/,
  ],
  "a CA beside it with a key of 1024 bits": [
    { pem: join(ec.key, ec.certificate, weakCa.certificate) },
    "certificate_unusable",
    /a certificate beside it is too short/,
  ],
  "a PKCS#7 bundle": [
    { pem: join(ec.key, openssl.run(["crl2pkcs7", "-nocrl", "-certfile", openssl.file(ec.certificate)])) },
    "certificate_unreadable",
    /PKCS#7 bundle/,
  ],
  "line breaks that became spaces": [
    { pem: join(ec.key, ec.certificate).replaceAll("\n", " ") },
    "certificate_unreadable",
    /lines of their own/,
  ],
  "a key whose line breaks became spaces": [
    { pem: join(ec.certificate, ec.key.replaceAll("\n", " ")) },
    "key_unreadable",
    /lines of their own/,
  ],
  "a block without content": [
    { pem: join(ec.key, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n") },
    "certificate_unreadable",
    /damaged/,
  ],
  "a certificate that is cut off before another": [
    { pem: join(ec.key, cut(ca.certificate), "\n", ec.certificate) },
    "certificate_unreadable",
    /cut off/,
  ],
  "many blocks that never end": [
    { pem: "-----BEGIN CERTIFICATE-----\n".repeat(40_000) },
    "certificate_unreadable",
    /cut off/,
  ],
  "one very long line of blanks": [
    { pem: `x${" ".repeat(1_000_000)}x` },
    "certificate_unreadable",
    /no BEGIN CERTIFICATE/,
  ],
  "a certificate that is cut off": [
    { pem: join(ec.key, cut(ec.certificate)) },
    "certificate_unreadable",
    /cut off/,
  ],
  "a key that is cut off": [{ pem: join(ec.certificate, cut(ec.key)) }, "key_unreadable", /cut off/],
  "a damaged certificate": [
    { pem: join(ec.key, noise(ec.certificate)) },
    "certificate_unreadable",
    /damaged/,
  ],
  "a damaged key": [{ pem: join(noise(ec.key), ec.certificate) }, "key_unreadable", /damaged/],
  "a certificate in OpenSSL's TRUSTED form": [
    { pem: join(openssl.run(["x509", "-trustout"], ec.certificate), ec.key) },
    "certificate_unreadable",
    /openssl x509/,
  ],
};

describe("refused with the reason", () => {
  test.each(Object.entries(bad))("%s", async (_shape, [given, code, message]) => {
    const error = await accept(given).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(String(error)).not.toContain("MI");
  });
});

describe("an item that was changed in the vault by hand", () => {
  const item = (facts: Readonly<Record<string, string>>, secrets: Readonly<Record<string, Secret>>) => ({
    name: "gen-cert",
    kind: "certificate" as const,
    created: new Date(),
    changed: new Date(),
    facts,
    secrets,
  });

  test("is refused at load when the key is another certificate's", () => {
    const changed = item({ certificate: ec.certificate }, { key: new Secret(deep.key) });
    expect(() => certificate.recheck(changed)).toThrow(
      expect.objectContaining({ code: "certificate_key_mismatch" }),
    );
  });

  test("is refused at load when the key is gone", () => {
    expect(() => certificate.recheck(item({ certificate: ec.certificate }, {}))).toThrow(/has no key/);
  });

  test("is not refused at load for having expired: its expiry is told where it is used", () => {
    const old = item({ certificate: expired.certificate }, { key: new Secret(expired.key) });
    expect(() => certificate.recheck(old)).not.toThrow();
  });

  test("ends with its certificate, whatever the item says", () => {
    const late = { ...item({ certificate: expired.certificate }, { key: new Secret(expired.key) }) };
    const attached = certificate.attach?.({ ...late, expires: new Date("2100-01-01") });
    expect(attached).toMatchObject({ identity: { expires: new Date("2021-01-01") } });
  });
});
