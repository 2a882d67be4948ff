import { contentOf, eachChunk, joined } from "../upstream/chunks.ts";
import { EventCount } from "./event-count.ts";
import { limits } from "../limits.ts";
import type { Usage } from "../record.ts";
import { usageInDocument, usageInEvents } from "./usage-scan.ts";
import { isEventStream, isReadable, typeOf } from "../content.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

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
  /** Memory for the content that is kept, and how much of it is used. */
  #kept: Buffer | undefined;
  #keptBytes = 0;
  /** The first part, as long as there is no other: most answers come in one, and need no memory of their own. */
  #first: Part | undefined;
  readonly #events: EventCount | undefined;

  /** @param counting whether the events of a stream are to be counted as they pass */
  constructor(streamed: boolean, counting = false) {
    this.streamed = streamed;
    this.#events = streamed && counting ? new EventCount() : undefined;
  }

  /** A tap for an answer that may tell its usage, in a form in which it can be read. */
  static for({ status, rawHeaders }: ResponseHead, counting = false): UsageTap | undefined {
    if (status !== 200 || !isReadable(rawHeaders)) return undefined;
    const type = typeOf(rawHeaders);
    if (isEventStream(type)) return new UsageTap(true, counting);
    return /^application\/json\b/i.test(type) ? new UsageTap(false) : undefined;
  }

  /** How many events have passed; undefined where they are not counted. */
  get events(): number | undefined {
    return this.#events?.seen;
  }

  /** Takes content. */
  data(bytes: Buffer): void {
    this.#events?.take(bytes, 0, bytes.length);
    if (this.#isFirst(bytes, false)) return;
    this.#keep(bytes, 0, bytes.length);
  }

  /** Takes whole chunks in their framing, one or several. */
  framed(bytes: Buffer): void {
    const events = this.#events;
    if (events !== undefined) eachChunk(bytes, (from, to) => events.take(bytes, from, to));
    if (this.#isFirst(bytes, true)) return;
    eachChunk(bytes, (from, to) => this.#keep(bytes, from, to));
  }

  /** What the answer says that it took, once all of it has passed or no more of it comes. Never throws. */
  finish(): Usage | undefined {
    const bytes = this.#first === undefined ? this.#keptContent() : contentIn(this.#first);
    const kept = {
      head: () => (this.#head ?? bytes).toString("latin1", 0, limits.usageHeadBytes),
      tail: bytes.toString("latin1", Math.max(0, bytes.length - limits.usageTailBytes)),
      cut: this.#head !== undefined || bytes.length > limits.usageTailBytes,
    };
    return this.streamed ? usageInEvents(kept) : usageInDocument(kept);
  }

  #keptContent(): Buffer {
    return this.#kept?.subarray(0, this.#keptBytes) ?? Buffer.alloc(0);
  }

  /** Whether it is the first part. If it is the second, the first is copied. */
  #isFirst(bytes: Buffer, framed: boolean): boolean {
    const first = this.#first;
    if (first === undefined && this.#kept === undefined) {
      this.#first = { bytes, framed };
      return true;
    }
    if (first !== undefined) {
      this.#first = undefined;
      // Not from the pool of small buffers: the rest of it would be kept as well.
      this.#kept = Buffer.allocUnsafeSlow(2 * limits.usageTailBytes);
      const content = contentIn(first);
      this.#keep(content, 0, content.length);
    }
    return false;
  }

  /** Copies: to keep references would make garbage of each chunk that outlives the young. */
  #keep(bytes: Buffer, from: number, to: number): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    const length = to - from;
    if (this.#keptBytes + length > kept.length) {
      this.#head ??= beginningOf(kept.subarray(0, this.#keptBytes), bytes.subarray(from, to));
      const staying = Math.max(0, limits.usageTailBytes - length);
      kept.copyWithin(0, Math.max(0, this.#keptBytes - staying), this.#keptBytes);
      this.#keptBytes = Math.min(this.#keptBytes, staying);
    }
    // Of a piece that is longer than what is read in the end, its end.
    const start = this.#head === undefined ? from : Math.max(from, to - limits.usageTailBytes);
    this.#keptBytes += bytes.copy(kept, this.#keptBytes, start, to);
  }
}

const contentIn = ({ bytes, framed }: Part): Buffer => (framed ? Buffer.concat(contentOf(bytes)) : bytes);

/** The beginning of what two pieces make together. */
function beginningOf(first: Buffer, second: Buffer): Buffer {
  const from = first.subarray(0, limits.usageHeadBytes);
  return joined([from, second.subarray(0, limits.usageHeadBytes - from.length)]);
}
