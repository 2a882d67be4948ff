import type { ExchangeSink } from "../upstream/exchange.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";
import { Pieces } from "../pieces.ts";

/** What is read of an answer that may not be wanted, in bytes: beyond it, a new connection costs less. */
const mostBytes = 64 * 1024;

/** The attempt that an answer is of. */
interface Origin {
  sentBytes: number;
  abort(): void;
}

/**
 * An answer that the client does not get while another endpoint may give a better one. It is read to its end, so that
 * its connection can be used again, and kept for the case that none better comes.
 */
export class SetAside implements ExchangeSink {
  readonly #head: ResponseHead;
  readonly #origin: Origin;
  readonly #inVain: (bytes: number) => void;
  #pieces = new Pieces();
  #rawTrailers: readonly string[] | undefined;
  #over = false;

  /** @param inVain told how many bytes of it came that nobody gets */
  constructor(head: ResponseHead, origin: Origin, inVain: (bytes: number) => void) {
    this.#head = head;
    this.#origin = origin;
    this.#inVain = inVain;
  }

  /** Whether all of it has come. */
  get whole(): boolean {
    return this.#rawTrailers !== undefined;
  }

  data(part: Buffer): void {
    if (this.#over) return;
    this.#pieces.push(part);
    if (this.#pieces.bytes > mostBytes) this.drop();
  }

  end(rawTrailers: readonly string[]): void {
    this.#rawTrailers = rawTrailers;
    this.#over = true;
  }

  failed(): void {
    this.#over = true;
  }

  uploaded(bytes: number): void {
    this.#origin.sentBytes += bytes;
  }

  // Told before, or of no use.
  connected(): void {}
  head(): void {}
  informational(): void {}
  flush(): void {}

  /** Nobody wants it any more: its connection ends with it, unless it is whole. */
  drop(): void {
    this.#inVain(this.#pieces.bytes);
    this.#pieces = new Pieces();
    if (this.#over) return;
    this.#over = true;
    this.#origin.abort();
  }

  /** Gives the whole answer to a client after all. */
  giveTo(sink: ExchangeSink): void {
    const { all } = this.#pieces;
    // What is given did not come in vain, whatever becomes of it.
    this.#pieces = new Pieces();
    sink.head(this.#head);
    for (const part of all) sink.data(part);
    sink.flush();
    sink.end(this.#rawTrailers ?? []);
  }
}
