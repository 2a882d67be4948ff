import { contentOf, joined } from "../upstream/chunks.ts";
import { limits } from "../limits.ts";
import type { Usage } from "../record.ts";
import { usageInDocument, usageInEvents } from "./usage-scan.ts";
import { fieldValues, type ResponseHead } from "../upstream/wire.ts";

/** Bytes of an answer's body as they came: content, or whole chunks in their framing. */
interface Part {
  readonly bytes: Buffer;
  readonly framed: boolean;
}

/**
 * Stands beside an answer on its way and keeps the beginning and the end of its body, to read there afterwards what it
 * took in tokens. On the way it only keeps references to a few parts, and copies them when they have become many.
 */
export class UsageTap {
  /** Whether the answer comes as a stream of events: only then does its first byte tell of its first token. */
  readonly streamed: boolean;
  /** The beginning; absent as long as nothing has been dropped. */
  #head: Buffer | undefined;
  /** Memory for the content before `#recent`, and how much of it is used. */
  #kept: Buffer | undefined;
  #keptBytes = 0;
  #recent: Part[] = [];
  /** Of content in `#recent`. */
  #recentBytes = 0;

  constructor(streamed: boolean) {
    this.streamed = streamed;
  }

  /** A tap for an answer that may tell its usage, in a form in which it can be read. */
  static for({ status, rawHeaders }: ResponseHead): UsageTap | undefined {
    if (status !== 200 || fieldValues(rawHeaders, "content-encoding").some(isEncoded)) return undefined;
    const type = fieldValues(rawHeaders, "content-type")[0] ?? "";
    if (/^text\/event-stream\b/i.test(type)) return new UsageTap(true);
    return /^application\/json\b/i.test(type) ? new UsageTap(false) : undefined;
  }

  /** Takes content. */
  data(bytes: Buffer): void {
    this.#take({ bytes, framed: false }, bytes.length);
  }

  /**
   * Takes whole chunks in their framing, one or several.
   *
   * @param length of their content
   */
  framed(bytes: Buffer, length: number): void {
    this.#take({ bytes, framed: true }, length);
  }

  /** What the answer says that it took, once all of it has passed. Never throws. */
  finish(): Usage | undefined {
    const pieces = contentsOf(this.#recent);
    if (this.#kept !== undefined) pieces.unshift(this.#kept.subarray(0, this.#keptBytes));
    const [only] = pieces;
    const bytes = pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
    const kept = {
      head: () => (this.#head ?? bytes).toString("latin1", 0, limits.usageHeadBytes),
      tail: bytes.toString("latin1", Math.max(0, bytes.length - limits.usageTailBytes)),
      cut: this.#head !== undefined || bytes.length > limits.usageTailBytes,
    };
    return this.streamed ? usageInEvents(kept) : usageInDocument(kept);
  }

  #take(part: Part, length: number): void {
    this.#recent.push(part);
    this.#recentBytes += length;
    if (this.#recent.length < limits.usageParts && this.#recentBytes < limits.usageTailBytes) return;
    for (const piece of contentsOf(this.#recent)) this.#keep(piece);
    this.#recent = [];
    this.#recentBytes = 0;
  }

  #keep(piece: Buffer): void {
    // Not from the pool of small buffers: the rest of it would be kept as well.
    this.#kept ??= Buffer.allocUnsafeSlow(2 * limits.usageTailBytes);
    if (this.#keptBytes + piece.length > this.#kept.length) {
      this.#head ??= beginningOf([this.#kept.subarray(0, this.#keptBytes), piece]);
      const staying = Math.max(0, limits.usageTailBytes - piece.length);
      this.#kept.copyWithin(0, Math.max(0, this.#keptBytes - staying), this.#keptBytes);
      this.#keptBytes = Math.min(this.#keptBytes, staying);
    }
    // Of a piece that is longer than what is read in the end, its end.
    const from = this.#head === undefined ? 0 : Math.max(0, piece.length - limits.usageTailBytes);
    this.#keptBytes += piece.copy(this.#kept, this.#keptBytes, from);
  }
}

const isEncoded = (coding: string): boolean => coding !== "" && coding.toLowerCase() !== "identity";

function contentsOf(parts: readonly Part[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (const { bytes, framed } of parts)
    if (framed) contentOf(bytes, pieces);
    else pieces.push(bytes);
  return pieces;
}

const beginningOf = (pieces: readonly Buffer[]): Buffer =>
  joined([Buffer.concat(pieces).subarray(0, limits.usageHeadBytes)]);
