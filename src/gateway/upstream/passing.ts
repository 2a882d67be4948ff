import type { Socket } from "node:net";
import type { Failure } from "./failure.ts";
import type { ExchangeSink } from "./exchange.ts";
import type { ResponseHead } from "./response-reader.ts";

/** Tells another sink all that it is told. What extends it looks on, or changes some of it. */
export class Passing implements ExchangeSink {
  protected to: ExchangeSink;

  constructor(to: ExchangeSink) {
    this.to = to;
  }

  connected(): void {
    this.to.connected();
  }

  uploaded(bytes: number): void {
    this.to.uploaded(bytes);
  }

  informational(head: ResponseHead): void {
    this.to.informational(head);
  }

  head(head: ResponseHead): void {
    this.to.head(head);
  }

  get takesFramed(): boolean {
    return this.to.takesFramed ?? false;
  }

  data(part: Buffer): void {
    this.to.data(part);
  }

  framed(chunks: Buffer, bytes: number): void {
    this.to.framed?.(chunks, bytes);
  }

  flush(): void {
    this.to.flush();
  }

  end(rawTrailers: readonly string[]): void {
    this.to.end(rawTrailers);
  }

  failed(failure: Failure): void {
    this.to.failed(failure);
  }

  switched(head: ResponseHead, socket: Socket, rest: Buffer): void {
    this.to.switched?.(head, socket, rest);
  }
}
