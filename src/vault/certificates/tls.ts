import type { KeyObject } from "node:crypto";
import { createSecureContext } from "node:tls";
import { keyTypeOf } from "./private-key.ts";

/** What a client can sign a TLS 1.3 handshake with (RFC 8446 §4.2.3). */
const tlsKeys = /^(P-256|P-384|P-521|Ed25519|Ed448|RSA-.*)$/;

/** Why TLS cannot show this certificate; undefined where it can. */
export function whyNoTls(pem: string, key: KeyObject): string | undefined {
  // OpenSSL takes others (DSA, secp256k1) without a word, and then shows the server no certificate at all.
  if (!tlsKeys.test(keyTypeOf(key))) return `TLS has no use for its type of key, ${keyTypeOf(key)}`;
  try {
    createSecureContext({ cert: pem, key: key.export({ type: "pkcs8", format: "pem" }) });
    return undefined;
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code);
    return weaknesses[code] ?? `OpenSSL does not take it (${code})`;
  }
}

/** What OpenSSL finds too weak to be shown (SSL_CTX_set_security_level(3)). */
const weaknesses: Readonly<Record<string, string>> = {
  ERR_SSL_EE_KEY_TOO_SMALL: "its key is too short to be safe",
  ERR_SSL_CA_KEY_TOO_SMALL: "the key of a certificate beside it is too short to be safe",
  ERR_SSL_CA_MD_TOO_WEAK: "a certificate beside it is signed with a hash that is not safe any more",
};
