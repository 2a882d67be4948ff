import type { Socket } from "node:net";
import { limits } from "../limits.ts";

/** What the bodies of all requests take, in bytes: without the first `smallBodyBytes` of each. */
export interface HeldBytes {
  bytes: number;
}

/**
 * What is held of the body of one request. It is counted as it is read, and no more when nothing needs it: neither an
 * endpoint that may have to be asked after this one, nor a connection that it is being sent over.
 */
export class Holding {
  readonly #all: HeldBytes;
  #bytes = 0;
  #counted = 0;
  #needed = true;
  readonly #senders = new Set<Socket>();
  /** There was no room for more of it: what is not needed for the choice of its endpoint is streamed from there on. */
  full = false;

  constructor(all: HeldBytes) {
    this.#all = all;
  }

  /** So many more bytes have been read. */
  take(bytes: number): void {
    if (!this.#needed) {
      this.full = true;
      return;
    }
    this.#bytes += bytes;
    // The first bytes always find room, as those do that are at hand with a request's head: `limits.connections` bounds
    // them. So a small body is served, and as well as ever, whatever others send.
    const counted = Math.max(0, this.#bytes - limits.smallBodyBytes);
    if (counted === 0) return;
    this.#all.bytes += counted - this.#counted;
    this.#counted = counted;
    this.full ||= this.#all.bytes > limits.heldBodiesBytes;
  }

  /** It is being sent over this connection. */
  sending(over: Socket): void {
    this.#senders.add(over);
  }

  /** All of it has been, or no more of it will be. */
  sent(over: Socket): void {
    this.#senders.delete(over);
    this.#letGo();
  }

  /** The client gets its answer: the body is not sent again. */
  answered(): void {
    this.#needed = false;
    this.#letGo();
  }

  /** The request has ended. */
  ended(): void {
    this.#senders.clear();
    this.answered();
  }

  #letGo(): void {
    if (this.#needed || this.#senders.size > 0) return;
    this.#all.bytes -= this.#counted;
    this.#counted = 0;
  }
}
