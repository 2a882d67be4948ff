import { X509Certificate } from "node:crypto";
import { reasonOf } from "../errors.ts";
import type { Reading } from "./reading.ts";

/** Checks that a PEM text holds certificates, each of them readable, and no private key. */
export function parseAuthorities(pem: string, path: string): Reading<string> {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    return {
      wrong: `${path} holds a private key; wanted only the certificates of CAs`,
      wayOut:
        "a client certificate with its key belongs in the vault: postern vault add certificate NAME --pem FILE",
    };
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0)
    return {
      wrong: `${path} holds no certificate`,
      wayOut: "name a PEM file with BEGIN CERTIFICATE; openssl x509 -inform der turns DER into PEM",
    };
  for (const [index, block] of blocks.entries()) {
    try {
      void new X509Certificate(block);
    } catch (error) {
      return {
        wrong: `certificate ${index + 1} in ${path} cannot be read: ${reasonOf(error)}`,
        wayOut: "get the file again; it is damaged",
      };
    }
  }
  return { value: `${blocks.join("\n")}\n` };
}
