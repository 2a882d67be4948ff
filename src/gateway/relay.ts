import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { PosternError } from "../errors.ts";
import type { UpstreamRequest } from "./connection.ts";
import type { Failure } from "./failure.ts";
import { responseHeaders, trailerFields } from "./headers.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { RequestRecord } from "./record.ts";
import { readPast } from "./respond.ts";
import type { Exchange, ExchangeSink, Upstream } from "./upstream.ts";
import { fieldValues, type ResponseHead } from "./wire.ts";

/** What the relay leaves to the server: to answer with an error of ours, and to note how it ended. */
export interface RelayEnd {
  readonly refuse: (error: PosternError) => void;
  readonly settle: (outcome: Outcome) => void;
  /** Takes over when the endpoint has switched protocols: the relay's part is done, and not settled. */
  readonly switched?: (head: ResponseHead, socket: Socket, rest: Buffer) => void;
}

/**
 * Sends a request to its endpoint and the answer back: the same status, headers and bytes, as they arrive. When the
 * client leaves, the upstream request ends; when the endpoint breaks off, so does the answer to the client.
 */
export function relay(
  req: IncomingMessage,
  res: ServerResponse,
  upstream: Upstream,
  request: UpstreamRequest,
  record: RequestRecord,
  end: RelayEnd,
): void {
  new Relay(res, record, end).start(req, upstream, request);
}

class Relay implements ExchangeSink {
  readonly #res: ServerResponse;
  readonly #record: RequestRecord;
  readonly #end: RelayEnd;
  #exchange: Exchange | undefined;
  #phase: "connect" | "wait" | "stream" = "connect";
  /** The answer has been handed over whole; only the client's taking it is awaited. */
  #complete = false;
  #over = false;
  /** Whether bytes of the answer went out in this turn of the event loop, and what holds back those after them. */
  #wrote = false;
  #corked: Socket | undefined;
  /** The client takes no more for now. */
  #full = false;

  constructor(res: ServerResponse, record: RequestRecord, end: RelayEnd) {
    this.#res = res;
    this.#record = record;
    this.#end = end;
  }

  start(req: IncomingMessage, upstream: Upstream, request: UpstreamRequest): void {
    const res = this.#res;
    // Node writes neither of its own: the endpoint's Date is the answer's.
    res.sendDate = false;
    res.on("close", () => this.#closed());
    if (res.destroyed || req.destroyed) return this.#closed();
    this.#exchange = upstream.send(request, this);
  }

  connected(): void {
    this.#phase = "wait";
    this.#record.connectedMs = performance.now();
  }

  uploaded(bytes: number): void {
    this.#record.sentBytes += bytes;
  }

  informational({ status, rawHeaders }: ResponseHead): void {
    // Node has answered `Expect: 100-continue` itself, and HTTP/1.0 knows no 1xx (RFC 9110 §15.2).
    if (this.#over || status === 100 || this.#res.req.httpVersionMinor === 0) return;
    this.#res.writeInformation(status, responseHeaders(rawHeaders, false));
  }

  head({ status, reason, rawHeaders }: ResponseHead): void {
    if (this.#over) return;
    const res = this.#res;
    this.#phase = "stream";
    this.#record.firstByteMs = performance.now();
    this.#record.status = status;
    res.writeHead(status, reason, responseHeaders(rawHeaders, this.#takesTrailers(status, rawHeaders)));
    // With its first bytes in one write where they came together, by itself where the body lets itself be awaited.
    process.nextTick(() => {
      if (!this.#over && !this.#complete && this.#record.receivedBytes === 0) res.flushHeaders();
    });
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    this.#record.receivedBytes += chunk.length;
    this.#gather();
    // What was read before the pause still comes, so one drain can be awaited for many chunks.
    if (this.#res.write(chunk) || this.#full) return;
    this.#full = true;
    this.#exchange?.pause();
    this.#res.once("drain", () => {
      this.#full = false;
      this.#exchange?.resume();
    });
  }

  /**
   * The first bytes of a turn of the event loop go out at once. When more come in the same turn, as from an endpoint
   * that is faster than this process, they are held to the turn's end and leave in one system call.
   */
  #gather(): void {
    if (!this.#wrote) {
      this.#wrote = true;
      setImmediate(() => {
        this.#wrote = false;
        this.#corked?.uncork();
        this.#corked = undefined;
      });
    } else if (this.#corked === undefined && this.#res.socket !== null) {
      this.#corked = this.#res.socket;
      this.#corked.cork();
    }
  }

  end(rawTrailers: readonly string[]): void {
    if (this.#over) return;
    this.#complete = true;
    this.#record.endedMs = performance.now();
    if (rawTrailers.length > 0) this.#res.addTrailers(trailerFields(rawTrailers));
    this.#res.end();
    // The endpoint can answer before it has read the request, as it does with 413.
    const { req } = this.#res;
    if (!req.complete)
      readPast(req, () => {
        if (!req.complete) req.socket.destroy();
      });
  }

  failed(failure: Failure): void {
    if (this.#over) return;
    this.#record.code = failure.error.code;
    this.#record.endedMs = performance.now();
    this.#over = true;
    // Nothing but a broken connection tells a client that an answer which has begun will not be completed.
    if (this.#res.headersSent) this.#breakOff();
    else this.#end.refuse(failure.error);
    // Last, for the record has the status that the client was given.
    this.#end.settle(outcomeOf(failure));
  }

  #breakOff(): void {
    const { req, socket } = this.#res;
    // HTTP/1.0 knows no chunks: where an answer ends with its connection, only a reset tells that it is not whole. A
    // Unix socket has none, and no address.
    if (req.httpVersionMinor === 0 && socket?.remoteAddress !== undefined) socket.resetAndDestroy();
    this.#res.destroy();
  }

  /** Only a chunked answer has trailers (RFC 9112 §7.1.2). */
  #takesTrailers(status: number, rawHeaders: readonly string[]): boolean {
    const { httpVersionMinor, method } = this.#res.req;
    const bodiless = method === "HEAD" || status === 204 || status === 304;
    return httpVersionMinor === 1 && !bodiless && fieldValues(rawHeaders, "transfer-encoding").length > 0;
  }

  switched(head: ResponseHead, socket: Socket, rest: Buffer): void {
    if (this.#over) {
      socket.destroy();
      return;
    }
    this.#over = true;
    this.#record.firstByteMs = performance.now();
    this.#record.status = head.status;
    this.#end.switched?.(head, socket, rest);
  }

  #closed(): void {
    if (this.#over) return;
    if (this.#complete && this.#res.writableFinished) return this.#settle("done");
    this.#exchange?.abort();
    this.#record.endedMs = performance.now();
    this.#settle(`client-${this.#phase}`);
  }

  #settle(outcome: Outcome): void {
    this.#over = true;
    this.#end.settle(outcome);
  }
}
