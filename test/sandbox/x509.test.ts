import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { keyTypes } from "../../src/vault/certificates/signing-key.ts";
import { issue, makeAuthority } from "../../src/vault/certificates/x509.ts";
import { Folder } from "../support/folder.ts";

const validity = { notBefore: new Date(Date.now() - 60_000), validDays: 30 };
const openssl = (...args: readonly string[]): string =>
  execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });

describe("certificates", () => {
  test.each(keyTypes)(
    "of %s are accepted by openssl for their purpose, and only for that",
    async (keyType) => {
      using folder = new Folder();
      const authority = await makeAuthority({ commonName: "ca.test", keyType, ...validity });
      const ca = folder.write("ca.pem", authority.certificate);
      const check = (purpose: string, file: string): string =>
        openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", ca, file);
      for (const usage of ["client", "server", "platform"] as const) {
        const leaf = await issue(authority, {
          commonName: "leaf",
          usage,
          names: ["localhost", "::1"],
          keyType,
          ...validity,
        });
        const file = folder.write(`${usage}.pem`, leaf.certificate);
        if (usage !== "server") expect(check("sslclient", file)).toContain("OK");
        if (usage !== "client") expect(check("sslserver", file)).toContain("OK");
        if (usage === "client") expect(() => check("sslserver", file)).toThrow();
        if (usage === "server") expect(() => check("sslclient", file)).toThrow();
        const certificate = new X509Certificate(leaf.certificate);
        expect(certificate.checkPrivateKey(createPrivateKey(leaf.key.expose()))).toBe(true);
        expect(certificate.validToDate).toEqual(leaf.expires);
      }
    },
  );

  test("of the platform's sort are P-384 with ECDSA-SHA384 and name no purpose and no names", async () => {
    using folder = new Folder();
    const authority = await makeAuthority({ commonName: "ca.test", ...validity });
    const leaf = await issue(authority, { commonName: "client.test", usage: "platform", ...validity });
    const text = openssl("x509", "-noout", "-text", "-in", folder.write("leaf.pem", leaf.certificate));
    expect(text).toContain("ecdsa-with-SHA384");
    expect(text).toContain("NIST CURVE: P-384");
    expect(text).not.toMatch(/Extended Key Usage|Alternative Name/);
    expect(leaf.key.expose()).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  test("have serial numbers that are positive, of one length and never the same", async () => {
    const authority = await makeAuthority({ commonName: "ca.test", ...validity });
    const leaves = await Promise.all(
      Array.from({ length: 40 }, () =>
        issue(authority, { commonName: "leaf", usage: "client", ...validity }),
      ),
    );
    const serials = leaves.map((leaf) => new X509Certificate(leaf.certificate).serialNumber);
    expect(new Set(serials).size).toBe(40);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test("keep a common name that looks like a list of names as one name", async () => {
    const authority = await makeAuthority({ commonName: "ca, O=Evil + CN=x", ...validity });
    expect(new X509Certificate(authority.certificate).toLegacyObject().subject).toEqual({
      CN: "ca, O=Evil + CN=x",
    });
  });
});
