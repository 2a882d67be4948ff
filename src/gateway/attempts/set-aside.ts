import type { ExchangeSink } from "../upstream/upstream.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/** What is read of an answer that may not be wanted, in bytes: beyond it, a new connection costs less. */
const mostBytes = 64 * 1024;

/**
 * An answer that the client does not get while another endpoint may give a better one. It is read to its end, so that
 * its connection can be used again, and kept for the case that none better comes.
 */
export class SetAside implements ExchangeSink {
  readonly #head: ResponseHead;
  readonly #abort: () => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #rawTrailers: readonly string[] | undefined;
  #over = false;

  /** @param abort ends the exchange that it comes from */
  constructor(head: ResponseHead, abort: () => void) {
    this.#head = head;
    this.#abort = abort;
  }

  /** Whether all of it has come. */
  get whole(): boolean {
    return this.#rawTrailers !== undefined;
  }

  data(part: Buffer): void {
    if (this.#over) return;
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes > mostBytes) this.drop();
  }

  end(rawTrailers: readonly string[]): void {
    this.#rawTrailers = rawTrailers;
    this.#over = true;
  }

  failed(): void {
    this.#over = true;
  }

  // Told before, or of no use.
  connected(): void {}
  head(): void {}
  uploaded(): void {}
  informational(): void {}
  flush(): void {}

  /** Nobody wants it any more: its connection ends with it, unless it is whole. */
  drop(): void {
    this.#parts = [];
    if (this.#over) return;
    this.#over = true;
    this.#abort();
  }

  /** Gives the whole answer to a client after all. */
  giveTo(sink: ExchangeSink): void {
    sink.head(this.#head);
    for (const part of this.#parts) sink.data(part);
    sink.flush();
    sink.end(this.#rawTrailers ?? []);
  }
}
