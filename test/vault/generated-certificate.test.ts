import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { certificate } from "../../src/vault/kinds/certificate.ts";
import type { Item } from "../../src/vault/item.ts";
import { Openssl } from "./openssl.ts";

const dayMs = 86_400_000;

async function generated(name: string): Promise<Item> {
  const now = new Date();
  const draft = await certificate.generate?.({ name, now });
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
