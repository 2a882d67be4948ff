import type { Failure } from "../upstream/failure.ts";
import type { ExchangeSink } from "../upstream/upstream.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/** What is taken of an answer that nobody has asked for yet, in bytes; the rest waits at the endpoint. */
const mostBytes = 64 * 1024;

/** An answer that is kept back until it is known whether its receiver gets it. */
export class Held implements ExchangeSink {
  readonly #pause: () => void;
  #told: ((to: ExchangeSink) => void)[] = [];
  #bytes = 0;
  #dropped = false;

  /** @param pause stops the exchange that it comes from */
  constructor(pause: () => void) {
    this.#pause = pause;
  }

  head(head: ResponseHead): void {
    this.#keep((to) => to.head(head));
  }

  data(part: Buffer): void {
    this.#bytes += part.length;
    this.#keep((to) => to.data(part));
  }

  flush(): void {
    if (this.#bytes > mostBytes) this.#pause();
  }

  end(rawTrailers: readonly string[]): void {
    this.#keep((to) => to.end(rawTrailers));
  }

  failed(failure: Failure): void {
    this.#keep((to) => to.failed(failure));
  }

  // The request is at its end, and a real answer has no 1xx behind it.
  connected(): void {}
  uploaded(): void {}
  informational(): void {}

  /** Nobody gets it. */
  drop(): void {
    this.#dropped = true;
    this.#told = [];
  }

  /** Tells `to` all that was kept; what follows is to be told to it, and no longer here. */
  giveTo(to: ExchangeSink): void {
    for (const tell of this.#told) tell(to);
    to.flush();
    this.#told = [];
  }

  #keep(tell: (to: ExchangeSink) => void): void {
    if (!this.#dropped) this.#told.push(tell);
  }
}
