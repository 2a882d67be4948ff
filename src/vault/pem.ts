import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { problem } from "../errors.ts";
import type { Secret } from "../secret.ts";

interface Block {
  /** "CERTIFICATE", "EC PRIVATE KEY". */
  readonly label: string;
  readonly text: string;
}

/**
 * The PEM blocks of a text, in its order (RFC 7468). Whatever stands around them is passed over: openssl writes "Bag
 * Attributes" and `-text` output there, editors a byte order mark, Windows its line ends, YAML its indentation.
 */
export function pemBlocks(text: string): readonly Block[] {
  const lines = text.replace(/\r\n?/g, "\n").replace(/^[ \t\uFEFF]+|[ \t]+$/gm, "");
  return [...lines.matchAll(/^-----BEGIN ([A-Z0-9 ]+)-----\n[^]*?\n-----END \1-----$/gm)].map(
    ([text, label]) => ({
      label: label ?? "",
      text: `${text}\n`,
    }),
  );
}

/** All certificates of a text, in its order, each once. Throws `certificate_unreadable` where it holds none. */
export function certificatesIn(text: string, source: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  const found = new Map<string, X509Certificate>();
  for (const block of blocks) {
    if (block.label !== "CERTIFICATE" && block.label !== "X509 CERTIFICATE") continue;
    try {
      const certificate = new X509Certificate(block.text.replaceAll("X509 CERTIFICATE", "CERTIFICATE"));
      found.set(certificate.fingerprint256, certificate);
    } catch (error) {
      throw problem("certificate_unreadable", { source, reason: "the certificate in it is damaged" }, error);
    }
  }
  if (found.size === 0)
    throw problem("certificate_unreadable", { source, reason: whyNoCertificate(text, blocks) });
  return [...found.values()];
}

/** All private keys of a text, in its order; none is no error. Throws `key_encrypted`, `passphrase_wrong` or `key_unreadable`. */
export function keysIn(text: string, passphrase: Secret | undefined, source: string): readonly KeyObject[] {
  const blocks = pemBlocks(text).filter(({ label }) => label.endsWith("PRIVATE KEY"));
  if (blocks.length === 0 && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    throw problem("key_unreadable", { source, reason: "the key is cut off before its END line" });
  return blocks.map((block) => keyOf(block, passphrase, source));
}

/** "P-384", "RSA-3072", "Ed25519". */
export function keyTypeOf(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (namedCurve !== undefined)
    return { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" }[namedCurve] ?? namedCurve;
  const type = key.asymmetricKeyType ?? "unknown";
  return type === "ed25519"
    ? "Ed25519"
    : type.toUpperCase() + (modulusLength === undefined ? "" : `-${modulusLength}`);
}

function keyOf({ label, text }: Block, passphrase: Secret | undefined, source: string): KeyObject {
  if (label === "OPENSSH PRIVATE KEY")
    throw problem("key_unreadable", {
      source,
      reason: "it is in OpenSSH's own form, which certificates do not use",
    });
  // PKCS#8 says so in its label, the older forms in a header (RFC 1421 §4.6.1.1).
  const encrypted = label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type: *4, *ENCRYPTED/m.test(text);
  if (encrypted && passphrase === undefined) throw problem("key_encrypted", { source });
  try {
    return createPrivateKey({ key: text, ...(encrypted && { passphrase: passphrase?.expose() }) });
  } catch (error) {
    if (!encrypted) throw problem("key_unreadable", { source, reason: "the key in it is damaged" }, error);
    // "Unsupported" from OpenSSL's EVP layer means a cipher of old (RC2, single DES). Anything else is what a wrong
    // passphrase leads to: bad padding mostly, and noise in place of the key once in a while.
    if ((error as { code?: string }).code === "ERR_OSSL_EVP_UNSUPPORTED")
      throw problem(
        "key_unreadable",
        { source, reason: "it is encrypted with a cipher that OpenSSL gave up" },
        error,
      );
    throw problem("passphrase_wrong", { source }, error);
  }
}

function whyNoCertificate(text: string, blocks: readonly Block[]): string {
  const labels = blocks.map(({ label }) => label);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return "it is cut off before its END line";
  if (labels.some((label) => label.endsWith("CERTIFICATE REQUEST"))) return "it is a request for one";
  if (labels.includes("TRUSTED CERTIFICATE"))
    return "it is in OpenSSL's TRUSTED form; openssl x509 converts it";
  if (labels.some((label) => label.endsWith("PRIVATE KEY"))) return "there is only a private key in it";
  return "there is no BEGIN CERTIFICATE line in it";
}
