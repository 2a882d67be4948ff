import type { Secret } from "../secret.ts";

/** What stands in the output where a secret stood. */
export const maskText = "[masked by postern]";

/** Shorter values are not masked: they are words such as "true" or "8080", and output full of holes helps nobody. */
const shortestBytes = 8;
/** Of a value of several lines, each line from this length on is masked by itself too. */
const shortestLineBytes = 16;

interface Pattern {
  readonly bytes: Buffer;
  /** For each beginning of `bytes`: how long its longest proper end is that is also its beginning (Knuth–Morris–Pratt). */
  readonly borders: Uint32Array;
}

/**
 * Takes secrets out of a stream of bytes, however it is cut into chunks: as they are, in base64 and base64url (wherever
 * they stand in the encoded text), URL-encoded and as JSON writes them. Every other byte passes unchanged. What may be
 * the beginning of a secret is held back until it is known, and no longer.
 */
export class Mask {
  readonly #patterns: readonly Pattern[];
  #held = Buffer.alloc(0);
  /** For each byte held: whether it belongs to a secret that was found already. */
  #heldCovered = new Uint8Array(0);
  /** Whether the last byte that left belonged to a secret, whose mask is written then. */
  #masking = false;

  constructor(secrets: readonly Secret[]) {
    const forms = new Set(secrets.flatMap((secret) => formsOf(secret.expose())));
    this.#patterns = [...forms].map((form) => patternOf(Buffer.from(form, "latin1")));
  }

  /** The next bytes of the stream; returns what may leave. */
  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const covered = new Uint8Array(bytes.length);
    covered.set(this.#heldCovered);
    let pending = 0;
    for (const pattern of this.#patterns) {
      cover(covered, bytes, pattern.bytes);
      pending = Math.max(pending, overlap(bytes, pattern));
    }
    return this.#release(bytes, covered, bytes.length - pending);
  }

  /** The stream's end; returns what was held back, as no secret has come of it. */
  end(): Buffer {
    return this.#release(this.#held, this.#heldCovered, this.#held.length);
  }

  #release(bytes: Buffer, covered: Uint8Array, until: number): Buffer {
    const parts: Buffer[] = [];
    for (let from = 0; from < until;) {
      const masked = covered[from] === 1;
      const next = covered.indexOf(masked ? 0 : 1, from);
      const to = next === -1 ? until : Math.min(next, until);
      if (!masked) parts.push(bytes.subarray(from, to));
      else if (!this.#masking) parts.push(Buffer.from(maskText));
      this.#masking = masked;
      from = to;
    }
    this.#held = Buffer.from(bytes.subarray(until));
    this.#heldCovered = covered.slice(until);
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }
}

/** The forms in which a secret is looked for, each a string of bytes. */
function formsOf(secret: string): readonly string[] {
  const long = secret.split(/\r?\n/).filter((line) => Buffer.byteLength(line) >= shortestLineBytes);
  return [secret, ...long]
    .map((text) => ({ text, bytes: Buffer.from(text) }))
    .filter(({ bytes }) => bytes.length >= shortestBytes)
    .flatMap(({ text, bytes }) =>
      [
        bytes.toString("latin1"),
        encodeURIComponent(text.toWellFormed()),
        Buffer.from(JSON.stringify(text).slice(1, -1)).toString("latin1"),
      ].concat(base64Of(bytes, "base64"), base64Of(bytes, "base64url")),
    );
}

/** What base64 makes of the bytes at each of the three places that they can have in a longer text. */
function base64Of(bytes: Buffer, alphabet: "base64" | "base64url"): readonly string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString(alphabet)
      .replace(/=+$/, "");
    // The characters at both ends depend on the neighbours too.
    return text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
  });
}

function patternOf(bytes: Buffer): Pattern {
  const borders = new Uint32Array(bytes.length);
  for (let at = 1, border = 0; at < bytes.length; at += 1) {
    while (border > 0 && bytes[at] !== bytes[border]) border = borders[border - 1] ?? 0;
    if (bytes[at] === bytes[border]) border += 1;
    borders[at] = border;
  }
  return { bytes, borders };
}

/** Marks every place where the pattern stands, places that overlap included. */
function cover(covered: Uint8Array, bytes: Buffer, pattern: Buffer): void {
  for (let at = bytes.indexOf(pattern); at !== -1; at = bytes.indexOf(pattern, at + 1))
    covered.fill(1, at, at + pattern.length);
}

/** The length of the longest beginning of the pattern, short of the whole, with which the bytes end. */
function overlap(bytes: Buffer, { bytes: pattern, borders }: Pattern): number {
  let length = 0;
  for (let at = Math.max(0, bytes.length - pattern.length + 1); at < bytes.length; at += 1) {
    while (length > 0 && bytes[at] !== pattern[length]) length = borders[length - 1] ?? 0;
    if (bytes[at] === pattern[length]) length += 1;
  }
  return length;
}
