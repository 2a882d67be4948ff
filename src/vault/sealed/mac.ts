import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { Secret } from "../../secret.ts";

/** Each use has a key of its own, so that a MAC made for one is worth nothing for another. */
const labels = {
  /** Of the body, under the vault's key. */
  content: "postern vault content v2",
  /** Of the vault's key, under an identity: who makes it trusts the vault that has this key. */
  trust: "postern vault trust v2",
  /** Of the mark, under the vault's mark key. */
  mark: "postern vault mark v1",
  /** Of the body in version 1, under the identity. */
  contentV1: "postern vault content v1",
} as const;
type Use = keyof typeof labels;

/**
 * HMAC-SHA256 in hex, under a key that HKDF-SHA256 (RFC 5869, no salt) derives for this use from a secret text: an
 * identity's `AGE-SECRET-KEY-1…`, or the hex of a vault's key.
 */
export function macOf(secret: Secret, use: Use, bytes: Uint8Array | string): string {
  const key = Buffer.from(hkdfSync("sha256", secret.expose(), "", labels[use], 32));
  return createHmac("sha256", key).update(bytes).digest("hex");
}

/** Whether `mac` is the right one, compared in constant time. */
export function macFits(mac: string, secret: Secret, use: Use, bytes: Uint8Array | string): boolean {
  const given = Buffer.from(mac);
  const right = Buffer.from(macOf(secret, use, bytes));
  return given.length === right.length && timingSafeEqual(given, right);
}

/** A new vault's key or mark key: 256 bits in hex. */
export const newKey = (): Secret => new Secret(randomBytes(32).toString("hex"));
