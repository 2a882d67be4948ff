import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Secret } from "../secret.ts";

/** Each use has a key of its own, so that a MAC made for one is worth nothing for the other. */
const labels = { content: "postern vault content v1", mark: "postern vault mark v1" } as const;
type Use = keyof typeof labels;

/**
 * Whoever knows the public recipient can seal a file that opens. Only the holder of the identity can make this:
 * HMAC-SHA256 in hex, under a key that HKDF-SHA256 (RFC 5869, no salt) derives from the identity's secret key string.
 */
export function macOf(identityKey: Secret, use: Use, bytes: Uint8Array | string): string {
  const key = Buffer.from(hkdfSync("sha256", identityKey.expose(), "", labels[use], 32));
  return createHmac("sha256", key).update(bytes).digest("hex");
}

/** Whether `mac` is the right one, compared in constant time. */
export function macFits(mac: string, identityKey: Secret, use: Use, bytes: Uint8Array | string): boolean {
  const given = Buffer.from(mac);
  const right = Buffer.from(macOf(identityKey, use, bytes));
  return given.length === right.length && timingSafeEqual(given, right);
}
