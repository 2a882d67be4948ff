import type { Socket } from "node:net";
import type { Destination } from "../directory.ts";
import type { Failure } from "../upstream/failure.ts";
import type { Exchange, ExchangeSink } from "../upstream/exchange.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/** Who decides what becomes of an attempt. */
export interface Judge {
  connected(): void;
  informational(head: ResponseHead): void;
  /** Returns who takes the rest of the answer whose head has come. */
  answered(attempt: Attempt, head: ResponseHead): ExchangeSink;
  /** It failed before its answer. */
  unanswered(attempt: Attempt, failure: Failure): void;
  /** Its answer has come to its end; or, with a failure, has been broken off. */
  ended(attempt: Attempt, failure: Failure | undefined): void;
  switched(attempt: Attempt, head: ResponseHead, socket: Socket, rest: Buffer): void;
}

/** One of the times that a request is sent. Until its answer begins, nothing of it has been told to the client. */
export class Attempt implements ExchangeSink {
  readonly destination: Destination;
  /** Whether the same request can be sent once more: all of its body is at hand. */
  readonly repeatable: boolean;
  readonly #judge: Judge;
  #exchange: Exchange | undefined;
  #taker: ExchangeSink | undefined;
  /** Of the request's body, until its answer goes to the client. */
  sentBytes = 0;
  /** Of its answer; 0 before. */
  status = 0;

  constructor(destination: Destination, repeatable: boolean, judge: Judge) {
    this.destination = destination;
    this.repeatable = repeatable;
    this.#judge = judge;
  }

  /** @param send sends the request, and its answer here */
  start(send: (sink: ExchangeSink) => Exchange): void {
    this.#exchange = send(this);
  }

  abort(): void {
    this.#exchange?.abort();
  }

  pause(): void {
    this.#exchange?.pause();
  }

  resume(): void {
    this.#exchange?.resume();
  }

  connected(): void {
    this.#judge.connected();
  }

  uploaded(bytes: number): void {
    if (this.#taker === undefined) this.sentBytes += bytes;
    else this.#taker.uploaded(bytes);
  }

  informational(head: ResponseHead): void {
    this.#judge.informational(head);
  }

  head(head: ResponseHead): void {
    this.status = head.status;
    this.#taker = this.#judge.answered(this, head);
  }

  get takesFramed(): boolean {
    return this.#taker?.takesFramed ?? false;
  }

  data(part: Buffer): void {
    this.#taker?.data(part);
  }

  framed(chunks: Buffer, bytes: number): void {
    this.#taker?.framed?.(chunks, bytes);
  }

  flush(): void {
    this.#taker?.flush();
  }

  end(rawTrailers: readonly string[]): void {
    this.#judge.ended(this, undefined);
    this.#taker?.end(rawTrailers);
  }

  failed(failure: Failure): void {
    if (this.#taker === undefined) return this.#judge.unanswered(this, failure);
    this.#judge.ended(this, failure);
    this.#taker.failed(failure);
  }

  switched(head: ResponseHead, socket: Socket, rest: Buffer): void {
    this.#judge.switched(this, head, socket, rest);
  }
}
