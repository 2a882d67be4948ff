import { createPrivateKey, type KeyObject } from "node:crypto";
import { problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { type Block, blockReasons, bytesOf, pemBlocks } from "./pem.ts";

/** More than any file has. Each that is encrypted may take seconds to open. */
const mostKeys = 16;

const damaged = "the key in it is damaged";

/**
 * All private keys of a text, in its order; none is no error. Throws `key_encrypted`, `passphrase_wrong` or
 * `key_unreadable`, also where trying the passphrase would take too long.
 */
export async function keysIn(
  text: string,
  passphrase: Secret | undefined,
  source: string,
): Promise<readonly KeyObject[]> {
  const blocks = pemBlocks(text).filter(({ label }) => label.endsWith("PRIVATE KEY"));
  if (blocks.length === 0 && text.includes("PRIVATE KEY-----"))
    throw problem("key_unreadable", { source, reason: blockReasons.inline });
  if (blocks.length > mostKeys)
    throw problem("key_unreadable", {
      source,
      reason: `it holds ${blocks.length} private keys, and more than ${mostKeys} are not looked through`,
    });
  const keys: KeyObject[] = [];
  for (const block of blocks) {
    if (block.label === "ENCRYPTED PRIVATE KEY" && passphrase !== undefined) await checkCost(block, source);
    keys.push(keyOf(block, passphrase, source));
  }
  return keys;
}

/** Refuses an encrypted PKCS#8 key whose passphrase would take too long to try, or that nobody can tell how long. */
async function checkCost(block: Block, source: string): Promise<void> {
  // Loaded here, so that whatever needs no passphrase does not wait for it.
  const { checkCost, Unsupported } = await import("./passphrase-encryption.ts");
  try {
    checkCost(bytesOf(block));
  } catch (error) {
    const reason = error instanceof Unsupported ? error.message : damaged;
    throw problem("key_unreadable", { source, reason }, error);
  }
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

function keyOf(block: Block, passphrase: Secret | undefined, source: string): KeyObject {
  const { label, text, cutOff } = block;
  if (cutOff) throw problem("key_unreadable", { source, reason: blockReasons.cutOff });
  if (label === "OPENSSH PRIVATE KEY")
    throw problem("key_unreadable", {
      source,
      reason: "it is in OpenSSH's own form, which certificates do not use",
    });
  // PKCS#8 says so in its label, the older forms in a header (RFC 1421 §4.6.1.1).
  const pkcs8 = label === "ENCRYPTED PRIVATE KEY";
  const encrypted = pkcs8 || /^Proc-Type: *4, *ENCRYPTED/m.test(text);
  if (encrypted && passphrase === undefined) throw problem("key_encrypted", { source });
  try {
    // OpenSSL gets the very bytes whose cost was looked at: it reads some texts otherwise.
    const key = pkcs8 ? ({ key: bytesOf(block), format: "der", type: "pkcs8" } as const) : { key: text };
    return createPrivateKey({ ...key, ...(encrypted && { passphrase: passphrase?.expose() }) });
  } catch (error) {
    if (!encrypted) throw problem("key_unreadable", { source, reason: damaged }, error);
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
