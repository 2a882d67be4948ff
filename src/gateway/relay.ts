import type { Socket } from "node:net";
import { type PosternError, problem } from "../errors.ts";
import type { Holding } from "./body/holding.ts";
import type { IncomingRequest } from "./local/incoming-request.ts";
import { triedHeaders } from "./attempts/tried-headers.ts";
import { estimateOf, isText } from "./keys/estimate.ts";
import type { Failure } from "./upstream/failure.ts";
import { responseHeaders, trailerFields } from "./upstream/headers.ts";
import { type Outcome, outcomeOf, type StoppedBy } from "./outcome.ts";
import type { RequestRecord, Usage } from "./record.ts";
import type { Stopper } from "./live/in-flight.ts";
import type { Reply, ReplyEvents } from "./local/reply.ts";
import type { Exchange, ExchangeSink } from "./upstream/exchange.ts";
import { UsageTap } from "./metrics/usage.ts";
import { fieldValues } from "./message.ts";
import type { ResponseHead } from "./upstream/response-reader.ts";

/** Takes over when the endpoint has switched protocols: the relay's part is done, and not settled. */
type Switched = (head: ResponseHead, socket: Socket, rest: Buffer) => void;

/**
 * Takes an endpoint's answer to its client: the same status, headers and bytes, as they arrive. When the client leaves,
 * the upstream request ends; when the endpoint breaks off, so does the answer to the client.
 */
export class Relay implements ExchangeSink, ReplyEvents, Stopper {
  readonly #method: string;
  readonly #version: string;
  readonly #reply: Reply;
  readonly #record: RequestRecord;
  readonly #settle: (outcome: Outcome) => void;
  readonly #switched: Switched | undefined;
  readonly #holding: Holding | undefined;
  #exchange: Exchange | undefined;
  #phase: "connect" | "wait" | "stream" = "connect";
  /** The answer has been handed over whole; only the client's taking it is awaited. */
  #complete = false;
  #over = false;
  /** The client takes no more for now. */
  #full = false;
  #tap: UsageTap | undefined;
  /** Whether what was asked is text, and what is answered; looked at only where tokens are limited. */
  #askedInText = false;
  #answeredInText = false;

  constructor(
    { method, version, rawHeaders, content }: IncomingRequest,
    reply: Reply,
    record: RequestRecord,
    settle: (outcome: Outcome) => void,
    switched?: Switched,
  ) {
    this.#method = method;
    this.#version = version;
    this.#reply = reply;
    this.#record = record;
    this.#settle = settle;
    this.#switched = switched;
    this.#holding = content?.holding;
    if (record.tokensLimited) this.#askedInText = isText(rawHeaders);
  }

  /** @param send sends the request to its endpoint, and its answer here */
  start(send: (sink: ExchangeSink) => Exchange): void {
    this.#reply.watch(this);
    if (this.#reply.gone) return this.closed(false);
    this.#record.dispatchedMs = performance.now();
    this.#exchange = send(this);
  }

  connected(): void {
    this.#phase = "wait";
    this.#record.connectedMs = performance.now();
  }

  uploaded(bytes: number): void {
    this.#record.sentBytes += bytes;
  }

  informational(head: ResponseHead): void {
    // `Expect: 100-continue` has been answered already.
    if (this.#over || head.status === 100) return;
    this.#reply.inform(head.status, responseHeaders(head, false));
  }

  head(head: ResponseHead): void {
    if (this.#over) return;
    const { status, reason, rawHeaders } = head;
    this.#phase = "stream";
    this.#holding?.answered();
    this.#record.firstByteMs = performance.now();
    this.#record.status = status;
    this.#tap = UsageTap.for(head, this.#record.tokensLimited);
    if (this.#record.tokensLimited) this.#answeredInText = isText(rawHeaders);
    const headers = responseHeaders(head, this.#takesTrailers(status, rawHeaders));
    headers.push(...triedHeaders(this.#record));
    this.#reply.begin(status, reason, headers);
  }

  get takesFramed(): boolean {
    return this.#reply.takesFramed;
  }

  data(part: Buffer): void {
    if (this.#over) return;
    this.#arrived(part.length);
    this.#tap?.data(part);
    this.#reply.data(part);
  }

  framed(chunks: Buffer, bytes: number): void {
    if (this.#over) return;
    this.#arrived(bytes);
    this.#tap?.framed(chunks);
    this.#reply.framed(chunks);
  }

  flush(): void {
    // What was read before the pause still comes, so one drain can be awaited for many chunks.
    if (this.#over || this.#complete || this.#phase !== "stream" || this.#reply.flush() || this.#full) return;
    this.#full = true;
    this.#exchange?.pause();
  }

  drained(): void {
    if (!this.#full) return;
    this.#full = false;
    this.#exchange?.resume();
  }

  end(rawTrailers: readonly string[]): void {
    if (this.#over) return;
    this.#complete = true;
    this.#record.endedMs = performance.now();
    this.#reply.end(rawTrailers.length === 0 ? [] : trailerFields(rawTrailers));
    // Read while the answer's last bytes are on their way, and before it is settled.
    this.#record.usage = this.#told();
  }

  failed(failure: Failure): void {
    if (this.#over) return;
    this.#record.code = failure.error.code;
    this.#record.endedMs = performance.now();
    this.#over = true;
    this.#giveUp(failure.error);
    this.#ended(outcomeOf(failure));
  }

  switched(head: ResponseHead, socket: Socket, rest: Buffer): void {
    if (this.#over) {
      socket.destroy();
      return;
    }
    this.#over = true;
    this.#holding?.answered();
    this.#record.firstByteMs = performance.now();
    this.#record.status = head.status;
    this.#switched?.(head, socket, rest);
  }

  refused(error: PosternError): void {
    if (this.#over || this.#complete) return;
    this.#endEarly(error, error.code === "request_timeout" ? "timeout-request" : "postern-request");
  }

  /** Ends the request because somebody wants it ended: both the endpoint and the client see it broken off. */
  stop(by: StoppedBy): void {
    if (this.#over) return;
    const error = problem(by === "operator" ? "request_stopped" : "shut_down", undefined);
    this.#endEarly(error, `${by}-${this.#phase}`);
  }

  closed(whole: boolean): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#complete && whole) return this.#ended("done");
    this.#exchange?.abort();
    this.#record.endedMs = performance.now();
    this.#ended(`client-${this.#phase}`);
  }

  #endEarly(error: PosternError, outcome: Outcome): void {
    this.#over = true;
    this.#exchange?.abort();
    this.#record.code = error.code;
    this.#record.endedMs = performance.now();
    this.#giveUp(error);
    this.#ended(outcome);
  }

  #ended(outcome: Outcome): void {
    // A document that is cut off tells nothing; events can have told how far it was.
    if (!this.#complete && this.#tap?.streamed === true) this.#record.usage = this.#told();
    if (this.#record.tokensLimited) this.#estimate();
    this.#settle(outcome);
  }

  /** What the answer says that it took. One that is only fetched was counted when it was made. */
  #told(): Usage | undefined {
    return this.#method === "POST" ? this.#tap?.finish() : undefined;
  }

  #estimate(): void {
    this.#record.estimatedTokens = estimateOf(this.#record, {
      whole: this.#complete,
      events: this.#tap?.events,
      askedInText: this.#askedInText,
      answeredInText: this.#answeredInText,
    });
  }

  #giveUp(error: PosternError): void {
    // Nothing but a broken connection tells a client that an answer which has begun will not be completed.
    if (this.#reply.begun) {
      this.#reply.flush();
      this.#reply.breakOff();
    } else {
      this.#record.status = error.status;
      this.#reply.refuse(error, this.#record.id, triedHeaders(this.#record));
    }
  }

  #arrived(bytes: number): void {
    if (this.#tap?.streamed === true) this.#record.firstTokenMs ??= performance.now();
    if (this.#record.cache !== "hit") this.#record.receivedBytes += bytes;
  }

  /** Only a chunked answer has trailers (RFC 9112 §7.1.2). */
  #takesTrailers(status: number, rawHeaders: readonly string[]): boolean {
    const bodiless = this.#method === "HEAD" || status === 204 || status === 304;
    return this.#version === "1.1" && !bodiless && fieldValues(rawHeaders, "transfer-encoding").length > 0;
  }
}
