import type { Socket } from "node:net";

export type Header = readonly [name: string, value: string];

/** The start line and the header lines of an HTTP/1.1 message, as they stood on the wire. */
export interface Head {
  readonly start: string;
  readonly headers: readonly Header[];
}

/** How the end of a body is told (RFC 9112 section 6). */
export type Framing = { readonly bytes: number } | "chunked" | "until close";

/** Thrown where the connection ended inside a message. */
export class Cut extends Error {}

/** The values of all header lines with this name, in their order. */
export const valuesOf = (head: Head, name: string): readonly string[] =>
  head.headers.flatMap(([key, value]) => (key.toLowerCase() === name ? [value] : []));

/** The framing that a message's own headers tell; `otherwise` where they tell none. */
export function framingOf(head: Head, otherwise: Framing): Framing {
  if (valuesOf(head, "transfer-encoding").some((value) => /\bchunked$/i.test(value))) return "chunked";
  const [length] = valuesOf(head, "content-length");
  return length === undefined ? otherwise : { bytes: Number(length) };
}

const parseHeaders = (lines: readonly string[]): readonly Header[] =>
  lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]*/, "")] as const;
  });

/**
 * Reads HTTP/1.1 messages from a socket without a parser of Node's or of the gateway's, so that tests judge the bytes
 * themselves. It reads only what it is asked for and pauses the socket otherwise: backpressure reaches the other side.
 */
export class Wire {
  readonly socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
      if (this.#pending.length > 1 << 20) socket.pause();
      this.#wake();
    });
    for (const event of ["end", "close", "error"])
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
  }

  /** The next message's head; undefined when the connection ended before its first byte. */
  async head(): Promise<Head | undefined> {
    let end: number;
    while ((end = this.#pending.indexOf("\r\n\r\n")) === -1) {
      if (await this.#more()) continue;
      if (this.#pending.length === 0) return undefined;
      throw new Cut(
        `the connection ended inside a head: ${JSON.stringify(this.#pending.toString("latin1"))}`,
      );
    }
    const [start = "", ...lines] = this.#take(end + 4)
      .toString("latin1")
      .slice(0, -4)
      .split("\r\n");
    return { start, headers: parseHeaders(lines) };
  }

  /** The body's pieces as they arrive, without framing; the trailers at its end. Throws `Cut` when it ends early. */
  async *body(framing: Framing): AsyncGenerator<Buffer, readonly Header[]> {
    if (framing === "until close") {
      while (this.#pending.length > 0 || (await this.#more())) yield this.#take(this.#pending.length);
      return [];
    }
    if (framing !== "chunked") {
      yield* this.#exactly(framing.bytes);
      return [];
    }
    for (;;) {
      const size = Number.parseInt(await this.#line(), 16);
      if (!(size > 0)) break;
      yield* this.#exactly(size);
      await this.#line();
    }
    const trailers: string[] = [];
    for (let line = await this.#line(); line !== ""; line = await this.#line()) trailers.push(line);
    return parseHeaders(trailers);
  }

  /** Everything until the connection ends. */
  async rest(): Promise<Buffer> {
    while (await this.#more());
    return this.#take(this.#pending.length);
  }

  async *#exactly(bytes: number): AsyncGenerator<Buffer, void> {
    for (let left = bytes; left > 0;) {
      if (this.#pending.length === 0 && !(await this.#more())) throw new Cut(`${left} bytes are missing`);
      const piece = this.#take(Math.min(left, this.#pending.length));
      left -= piece.length;
      yield piece;
    }
  }

  async #line(): Promise<string> {
    let end: number;
    while ((end = this.#pending.indexOf("\r\n")) === -1)
      if (!(await this.#more())) throw new Cut("the connection ended inside a chunked body");
    return this.#take(end + 2)
      .toString("latin1")
      .slice(0, -2);
  }

  #take(bytes: number): Buffer {
    const taken = this.#pending.subarray(0, bytes);
    this.#pending = this.#pending.subarray(bytes);
    return taken;
  }

  /** Waits for more bytes; false when there will be none. */
  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const before = this.#pending.length;
    this.socket.resume();
    await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#pending.length > before;
  }
}
