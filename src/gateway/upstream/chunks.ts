import { headText } from "../message.ts";

/** What ends a line (RFC 9112 §2.2). */
export const CRLF = Buffer.from("\r\n");
const zeroChunk = Buffer.from("0\r\n\r\n");

/** Bytes as one chunk (RFC 9112 §7.1). */
export function chunkOf(part: Buffer): Buffer[] {
  return part.length === 0 ? [] : [Buffer.from(`${part.length.toString(16)}\r\n`, "latin1"), part, CRLF];
}

/** The end of a chunked body, with its trailers. */
export function lastChunk(trailers: readonly [string, string][]): Buffer {
  if (trailers.length === 0) return zeroChunk;
  return Buffer.from(headText("0", trailers.flat()), "latin1");
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(code: number | undefined): number {
  if (code === undefined) return -1;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * Tells where the content of each of these whole HTTP/1.1 chunks stands: `size CRLF data CRLF`, one or several (RFC 9112
 * §7.1). The reader of the answer has judged the framing already, so what does not look like it only ends the matter.
 */
export function eachChunk(chunks: Buffer, tell: (from: number, to: number) => void): void {
  let at = 0;
  while (at < chunks.length) {
    let size = 0;
    for (let digit = hexValue(chunks[at]); digit >= 0; digit = hexValue(chunks[at])) {
      size = size * 16 + digit;
      at += 1;
    }
    if (size === 0 || chunks[at] !== 0x0d) break;
    at += 2;
    tell(at, at + size);
    at += size + 2;
  }
}

/** The content of such chunks: a slice for each. */
export function contentOf(chunks: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  eachChunk(chunks, (from, to) => parts.push(chunks.subarray(from, to)));
  return parts;
}

/**
 * The parts in one buffer with memory of its own. `Buffer.concat` takes small ones from a pool: to keep them would keep
 * all that shares their piece of it.
 */
export function joined(parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(bytes, at);
  return bytes;
}
