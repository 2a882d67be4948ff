const headEnd = "\r\n\r\n";
const lineFeed = 0x0a;

/** Who gets what an answer holds. */
export interface AnswerSink {
  /** Bytes of the body stand in `bytes` between `from` and `to`. */
  payload(bytes: Buffer, from: number, to: number): void;
  end(): void;
}

/** Where the reading of a body stands: inside content, in the line of a chunk's size, or behind a chunk. */
type Place = "content" | "size" | "behind";

/**
 * Reads the answers of one connection, one after another, cheaply: its own cost adds to every delay that is measured.
 * It trusts the contenders to write HTTP; what they answer has been compared before.
 */
export class AnswerReader {
  readonly #sink: AnswerSink;
  #head: Buffer | undefined = Buffer.alloc(0);
  #chunked = false;
  #place: Place = "content";
  /** Bytes of content still to come in this chunk or, without chunks, in this answer. */
  #left = 0;
  #digits = "";

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  /** @throws Error when an answer is not 200 */
  feed(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#head !== undefined) at = this.#takeHead(this.#head, bytes);
      else if (this.#place === "content") at = this.#takeContent(bytes, at);
      else at = this.#takeLine(bytes, at);
    }
  }

  /** @returns where the body begins in `bytes` */
  #takeHead(before: Buffer, bytes: Buffer): number {
    const all = Buffer.concat([before, bytes]);
    const end = all.indexOf(headEnd);
    if (end < 0) {
      this.#head = all;
      return bytes.length;
    }
    const head = all.toString("latin1", 0, end);
    if (!head.startsWith("HTTP/1.1 200")) throw new Error(`answered ${head.split("\r\n")[0]}`);
    this.#head = undefined;
    this.#chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
    this.#place = this.#chunked ? "size" : "content";
    this.#left = this.#chunked ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? Infinity);
    return end + headEnd.length - before.length;
  }

  #takeContent(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + this.#left);
    this.#left -= to - at;
    this.#sink.payload(bytes, at, to);
    if (this.#left === 0 && this.#chunked) this.#place = "behind";
    else if (this.#left === 0) this.#end();
    return to;
  }

  #takeLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lineFeed, at);
    if (this.#place === "size") this.#digits += bytes.toString("latin1", at, end < 0 ? bytes.length : end);
    if (end < 0) return bytes.length;
    if (this.#place === "behind") this.#place = "size";
    else this.#beginChunk();
    return end + 1;
  }

  #beginChunk(): void {
    const size = this.#digits;
    this.#digits = "";
    // The empty line behind the last chunk.
    if (size === "\r") return this.#end();
    this.#left = Number.parseInt(size, 16);
    if (this.#left > 0) this.#place = "content";
  }

  #end(): void {
    this.#head = Buffer.alloc(0);
    this.#sink.end();
  }
}
