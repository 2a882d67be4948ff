import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 random bits, as text that fits into URLs, cookies and headers. */
export const randomText = (): string => randomBytes(32).toString("base64url");

/** SHA-256: what is kept of a code or a token that somebody else holds. */
export const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Whether this text is the one of the digest; takes a time that does not depend on where they differ. */
export const isOf = (digest: Buffer, text: string): boolean => timingSafeEqual(digest, digestOf(text));
