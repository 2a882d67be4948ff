import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { keyTypes } from "../../src/vault/certificates/signing-key.ts";
import { certificate } from "../../src/vault/kinds/certificate.ts";
import type { Item } from "../../src/vault/item.ts";
import { Openssl } from "./openssl.ts";

const dayMs = 86_400_000;

async function generated(
  name: string,
  facts: Readonly<Record<string, string>> = {},
  now = new Date(),
): Promise<Item> {
  const draft = await certificate.generate?.({ name, now, facts });
  if (draft === undefined) throw new Error("certificates can be generated");
  return { name, kind: "certificate", created: now, changed: now, ...draft };
}

test("a generated certificate has the platform's form, and OpenSSL verifies it against its CA", async () => {
  const item = await generated("gen-cert");
  using openssl = new Openssl();
  const leaf = new X509Certificate(item.facts["certificate"] ?? "");
  const ca = new X509Certificate(item.facts["ca"] ?? "");
  expect(leaf.subject).toBe("CN=client.gen-cert.user.centml.ai");
  expect(leaf.issuer).toBe("CN=ca.gen-cert.user.centml.ai");
  expect(leaf.subjectAltName).toBeUndefined();
  expect(leaf.keyUsage).toBeUndefined();
  expect(item.facts["keyType"]).toBe("P-384");
  expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(5 * 365 * dayMs);
  expect(leaf.verify(ca.publicKey)).toBe(true);
  expect(openssl.run(["x509", "-noout", "-text"], leaf.toString())).toContain("ecdsa-with-SHA384");
  const caFile = openssl.file(ca.toString());
  expect(openssl.run(["verify", "-CAfile", caFile, "-purpose", "sslclient"], leaf.toString())).toContain(
    "OK",
  );
});

test("its file holds the key first, then the certificate, and neither the CA nor the CA's key", async () => {
  const item = await generated("gen-cert");
  const { fileName, content } = certificate.download(item);
  expect(fileName).toBe("gen-cert.pem");
  expect(content.expose().match(/-----BEGIN [A-Z ]+-----/g)).toEqual([
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN CERTIFICATE-----",
  ]);
  expect(item.secrets["caKey"]?.expose()).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  expect(content.expose()).not.toContain(item.secrets["caKey"]?.expose());
});

test("what was downloaded can be taken again", async () => {
  const item = await generated("gen-cert");
  const { content } = certificate.download(item);
  const input = { name: "again", source: "gen-cert.pem", facts: {}, secrets: { pem: content } };
  const again = await certificate.accept(input, new Date());
  expect(again.facts["fingerprint"]).toBe(item.facts["fingerprint"]);
});

test("the longest name leaves the common name within its 64 characters", async () => {
  const item = await generated("n".repeat(64));
  expect(item.facts["subject"]?.length).toBeLessThanOrEqual("CN=".length + 64);
});

test.each(keyTypes)(
  "a key of %s, a validity and a common name can be chosen, and OpenSSL verifies it",
  async (type) => {
    const item = await generated("gen-cert", {
      "key-type": type.toUpperCase(),
      days: "90",
      "common-name": "me.test",
    });
    using openssl = new Openssl();
    const leaf = new X509Certificate(item.facts["certificate"] ?? "");
    expect(item.facts).toMatchObject({ subject: "CN=me.test", issuer: "CN=ca.me.test", keyType: type });
    expect(leaf.validToDate.getTime() - leaf.validFromDate.getTime()).toBe(90 * dayMs);
    const caFile = openssl.file(item.facts["ca"] ?? "");
    expect(openssl.run(["verify", "-CAfile", caFile, "-purpose", "sslclient"], leaf.toString())).toContain(
      "OK",
    );
  },
);

test.each([
  [{ "key-type": "DSA" }, "P-384, P-256, RSA-3072, Ed25519"],
  [{ days: "0" }, "1 to 3650"],
  [{ days: "3651" }, "1 to 3650"],
  [{ days: "1.5" }, "1 to 3650"],
  [{ "common-name": "n".repeat(65) }, "longer than 64"],
  [{ "common-name": "a\nb" }, "control character"],
])("%j is refused with what could be given", async (facts, words) => {
  const error = await generated("gen-cert", facts).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "field_invalid", exit: 2 });
  expect(`${(error as Error).message} ${(error as { hint?: string }).hint}`).toContain(words);
});

describe("made anew", () => {
  const again = async (item: Item, now = new Date()): Promise<Item> => {
    const draft = await certificate.regenerate?.(item, now);
    if (draft === undefined) throw new Error("certificates can be made anew");
    return { ...item, ...draft };
  };

  test.each(keyTypes)(
    "a certificate for %s keeps its CA, name, type and time, and has a new key",
    async (type) => {
      const old = await generated("gen-cert", { "key-type": type, days: "90", "common-name": "me, O=Evil" });
      const item = await again({ ...old, name: "renamed" });
      for (const fact of ["ca", "subject", "issuer", "keyType"])
        expect(item.facts[fact]).toBe(old.facts[fact]);
      expect(item.secrets["caKey"]?.expose()).toBe(old.secrets["caKey"]?.expose());
      expect(item.secrets["key"]?.expose()).not.toBe(old.secrets["key"]?.expose());
      expect(item.facts["serial"]).not.toBe(old.facts["serial"]);
      const [before, after] = [old, item].map(({ facts }) => new X509Certificate(facts["certificate"] ?? ""));
      expect(after?.validToDate.getTime()).toBeGreaterThanOrEqual(before?.validToDate.getTime() ?? 0);
      expect(after?.verify(new X509Certificate(old.facts["ca"] ?? "").publicKey)).toBe(true);
      certificate.recheck(item);
    },
  );

  test("it outlasts the one before, and never its CA", async () => {
    const start = Date.now();
    let item = await generated("gen-cert", { days: "3650" });
    const ca = new X509Certificate(item.facts["ca"] ?? "");
    item = await again(item, new Date(start + 3000 * dayMs));
    expect(Math.round(((item.expires?.getTime() ?? 0) - start) / dayMs)).toBe(6650);
    item = await again(item, new Date(start + 6000 * dayMs));
    expect(item.expires).toEqual(ca.validToDate);
    await expect(again(item, ca.validToDate)).rejects.toMatchObject({ code: "certificate_ca_expired" });
  });

  test("one that came from elsewhere, or still waits for its signature, is refused", async () => {
    const { facts, secrets, ...item } = await generated("gen-cert");
    const { caKey: _, ...foreign } = secrets;
    await expect(again({ ...item, facts, secrets: foreign })).rejects.toMatchObject({
      code: "item_not_generated",
    });
    const waiting = await certificate.request?.begin({ name: "gen-cert", facts: {} });
    await expect(again({ ...item, facts: {}, secrets: {}, ...waiting })).rejects.toMatchObject({
      code: "certificate_waiting",
    });
  });
});
