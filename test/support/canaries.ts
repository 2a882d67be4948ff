import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { KindName } from "../../src/vault/item.ts";
import { Folder } from "./folder.ts";
import { pemOf, type Pki } from "./pki.ts";

/** An item's input: what stands in the file that is given to `vault add`, and its facts. */
export interface Canary {
  readonly kind: KindName;
  readonly value: string;
  readonly facts: Readonly<Record<string, string>>;
  /** The parts of the value that must never be seen. */
  readonly secrets: readonly string[];
}

/** The lines of a PEM private key, each of which would betray it. */
const keyLines = (pem: string): readonly string[] =>
  (/-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)-----END/.exec(pem)?.[1] ?? "")
    .split("\n")
    .filter((line) => line.length > 32)
    // The first line of a key holds its algorithm, which the certificate shows too.
    .slice(1);

const token = (kind: KindName, value: string, facts: Readonly<Record<string, string>> = {}): Canary => ({
  kind,
  value,
  facts,
  secrets: [value],
});

/** An Ed25519 key as ssh-keygen writes it. */
function sshKey(): string {
  using folder = new Folder();
  const file = folder.file("id");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "canary", "-f", file]);
  return readFileSync(file, "utf8");
}

/** The line that holds all of the private half; the other lines hold what is public or random. */
const seedLine = (ssh: string): string => ssh.split("\n")[4] ?? "";

/** One recognisable secret of each kind, made for this run. */
export function canaries(pki: Pki): Record<KindName, Canary> {
  const pem = pemOf(pki.client);
  const ssh = sshKey();
  return {
    "bearer-token": token("bearer-token", "canary-bearer-7f3a91c2e5d84b06"),
    "serverless-api-key": token("serverless-api-key", "canary-serverless-1b9e62a7f04c83d5"),
    "hugging-face-token": token("hugging-face-token", "hf_canaryHuggingFace5c2d8e71b3"),
    "registry-credentials": token("registry-credentials", "canary-registry-e83b5f2a9c6d1704", {
      registry: "registry.test",
      username: "puller",
    }),
    "environment-variable": token("environment-variable", "canary-environment-4d7c0a9b8e2f6135", {
      variable: "CANARY_SETTING",
    }),
    certificate: { kind: "certificate", value: pem, facts: {}, secrets: keyLines(pem) },
    "ssh-key": { kind: "ssh-key", value: ssh, facts: {}, secrets: [seedLine(ssh)] },
  };
}

/** What base64 makes of these bytes wherever they stand in a longer text: one form for each of three alignments. */
const base64Of = (bytes: Buffer, alphabet: "base64" | "base64url"): readonly string[] =>
  [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString(alphabet)
      .replace(/=+$/, "");
    // The characters at both ends depend on the neighbours too.
    return text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
  });

/** The forms in which a secret could be seen: as it is, and in base64, hex and URL encoding. */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const encoded = encodeURIComponent(secret);
  const base64 = [...base64Of(bytes, "base64"), ...base64Of(bytes, "base64url")];
  return [...new Set([secret, secret.toLowerCase(), ...base64, hex, hex.toUpperCase(), encoded])];
}
