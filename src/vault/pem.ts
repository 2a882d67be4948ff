import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { problem } from "../errors.ts";
import type { Secret } from "../secret.ts";

const reasons = {
  cutOff: "it is cut off before its END line",
  inline: "its BEGIN and END do not stand on lines of their own",
} as const;

interface Block {
  /** "CERTIFICATE", "EC PRIVATE KEY". */
  readonly label: string;
  /** With its BEGIN line and, unless it is cut off, its END line. */
  readonly text: string;
  readonly cutOff: boolean;
}

/**
 * The PEM blocks of a text, in its order (RFC 7468). Whatever stands around them is passed over: openssl writes "Bag
 * Attributes" and `-text` output there, editors a byte order mark, Windows its line ends, YAML its indentation.
 */
export function pemBlocks(text: string): readonly Block[] {
  const blocks: { readonly label: string; readonly lines: string[]; cutOff: boolean }[] = [];
  let block: (typeof blocks)[number] | undefined;
  // Line by line, in a time that grows no faster than the text: a pattern over the whole can take minutes.
  for (const line of text.split(/\r\n?|\n/).map((line) => line.trim())) {
    const [, edge, label = ""] = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----$/.exec(line) ?? [];
    if (edge === "BEGIN") {
      block = { label, lines: [], cutOff: true };
      blocks.push(block);
    }
    block?.lines.push(line);
    if (edge === "END" && label === block?.label) {
      block.cutOff = false;
      block = undefined;
    }
  }
  return blocks.map(({ label, lines, cutOff }) => ({ label, text: `${lines.join("\n")}\n`, cutOff }));
}

/** All certificates of a text, in its order, each once. Throws `certificate_unreadable` where it holds none. */
export function certificatesIn(text: string, source: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  const found = new Map<string, X509Certificate>();
  for (const block of blocks) {
    if (block.label !== "CERTIFICATE" && block.label !== "X509 CERTIFICATE") continue;
    if (block.cutOff) throw problem("certificate_unreadable", { source, reason: reasons.cutOff });
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
  if (blocks.length === 0 && text.includes("PRIVATE KEY-----"))
    throw problem("key_unreadable", { source, reason: reasons.inline });
  return blocks.map((block) => keyOf(block, passphrase, source));
}

/** "P-384", "RSA-3072", "Ed25519". */
export function keyTypeOf(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (namedCurve !== undefined)
    return { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" }[namedCurve] ?? namedCurve;
  const type = key.asymmetricKeyType ?? "unknown";
  if (modulusLength !== undefined) return `${type.toUpperCase()}-${modulusLength}`;
  return type.replace(/^ed/, "Ed");
}

function keyOf({ label, text, cutOff }: Block, passphrase: Secret | undefined, source: string): KeyObject {
  if (cutOff) throw problem("key_unreadable", { source, reason: reasons.cutOff });
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
  if (labels.some((label) => label === "PKCS7" || label === "CMS"))
    return "it is a PKCS#7 bundle; openssl pkcs7 -print_certs converts it";
  if (labels.some((label) => label.endsWith("CERTIFICATE REQUEST"))) return "it is a request for one";
  if (labels.includes("TRUSTED CERTIFICATE"))
    return "it is in OpenSSL's TRUSTED form; openssl x509 converts it";
  if (labels.some((label) => label.endsWith("PRIVATE KEY"))) return "there is only a private key in it";
  return text.includes("-----BEGIN ") && blocks.length === 0
    ? reasons.inline
    : "there is no BEGIN CERTIFICATE line in it";
}
