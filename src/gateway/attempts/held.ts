import type { Failure } from "../upstream/failure.ts";
import type { ExchangeSink } from "../upstream/exchange.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";
import { Pieces } from "../pieces.ts";

/** What is taken of an answer that nobody has asked for yet, in bytes; the rest waits at the endpoint. */
const mostBytes = 64 * 1024;

/** An answer that is kept back until it is known whether its receiver gets it. */
export class Held implements ExchangeSink {
  readonly #pause: () => void;
  #head: ResponseHead | undefined;
  #pieces = new Pieces();
  #tellEnd: ((to: ExchangeSink) => void) | undefined;
  #dropped = false;

  /** @param pause stops the exchange that it comes from */
  constructor(pause: () => void) {
    this.#pause = pause;
  }

  head(head: ResponseHead): void {
    this.#head = head;
  }

  data(part: Buffer): void {
    if (!this.#dropped) this.#pieces.push(part);
  }

  flush(): void {
    if (this.#pieces.bytes > mostBytes) this.#pause();
  }

  end(rawTrailers: readonly string[]): void {
    this.#tellEnd = (to) => to.end(rawTrailers);
  }

  failed(failure: Failure): void {
    this.#tellEnd = (to) => to.failed(failure);
  }

  // The request is at its end, and a real answer has no 1xx behind it.
  connected(): void {}
  uploaded(): void {}
  informational(): void {}

  /** Nobody gets it. */
  drop(): void {
    this.#dropped = true;
    this.#pieces = new Pieces();
  }

  /** Tells `to` all that was kept; what follows is to be told to it, and no longer here. */
  giveTo(to: ExchangeSink): void {
    if (this.#head !== undefined) to.head(this.#head);
    for (const piece of this.#pieces.all) to.data(piece);
    this.#tellEnd?.(to);
    to.flush();
    this.drop();
  }
}
