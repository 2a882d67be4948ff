import type { Socket } from "node:net";
import type { EndpointConfig } from "../../config/config.ts";
import { PosternError, problem } from "../../errors.ts";
import type { Attachment } from "./attach.ts";
import type { Broken, Connection, ExchangeEvents } from "./connection.ts";
import { type Circumstances, type Failure, failureOf, PhaseTimeout } from "./failure.ts";
import { limits } from "../limits.ts";
import type { UpstreamRequest } from "./request.ts";
import type { ResponseHead, ResponseSink } from "./response-reader.ts";

/** Who receives what becomes of a request. Exactly one of `end` and `failed` comes last, or neither after `abort`. */
export interface ExchangeSink extends ResponseSink {
  /** A connection carries the request now. */
  connected(): void;
  /** So many bytes of the request's body have been sent. */
  uploaded(bytes: number): void;
  /** All of the answer that has arrived so far has been told. */
  flush(): void;
  failed(failure: Failure): void;
  /** Only for requests with `upgrade`, and then in the place of `end`: the socket belongs to whoever is told. */
  switched?(head: ResponseHead, socket: Socket, rest: Buffer): void;
}

/** One request on its way, and its answer. */
export interface Exchange {
  /** Ends it at once: nothing more is told, and the endpoint sees its connection close. */
  abort(): void;
  /** Stops the answer until `resume`. */
  pause(): void;
  resume(): void;
}

/** How busy an endpoint is. */
export interface Load {
  /** Requests that are on their way to it, or answered now; not those that have switched protocols. */
  inFlight: number;
}

/** The connections that an exchange goes over: those of an Upstream. */
interface Connections {
  readonly endpoint: EndpointConfig;
  readonly attachment: Attachment;
  readonly load: Load;
  /** @param mostMs how long it may have been idle */
  takeIdle(mostMs: number): Connection | undefined;
  /** Opens one, as a dialer does. Returns a function that gives up. */
  dial(
    opened: (connection: Connection) => void,
    failed: (cause: Error, untrusted: string | undefined) => void,
    waitedMs: number,
  ): () => void;
}

/** A request as it is to be sent, and over which connections. */
interface Sendable {
  readonly upstream: Connections;
  readonly request: UpstreamRequest;
}

/** Whether a request can be sent once more: all of it is at hand. */
const mayRepeat = ({ body }: UpstreamRequest): boolean => body?.rest === undefined;

/**
 * An exchange that moves to a fresh connection when an idle one turns out to be dead, and to other connections of its
 * endpoint when those that it waits for are not in force any more.
 */
export class PooledExchange implements Exchange, ExchangeEvents {
  readonly #sink: ExchangeSink;
  #upstream: Connections;
  /** Absent when nothing is to be sent any more. Not held for longer: the body can be large. */
  #anew: (() => Sendable | undefined) | undefined;
  #connection: Connection | undefined;
  #giveUp: (() => void) | undefined;
  /** Since when it has needed a new connection (`performance.now`). */
  #dialledMs: number | undefined;
  /** No answer has come on its connection before. */
  #fresh = true;
  /** When its connection was given the request (`performance.now`). */
  #carriedMs = 0;
  /** How the connection ended that was dead. */
  #stale: Error | undefined;
  #over = false;

  constructor(sink: ExchangeSink, upstream: Connections, anew: () => Sendable | undefined) {
    this.#sink = sink;
    this.#upstream = upstream;
    this.#anew = anew;
  }

  begin(request: UpstreamRequest): void {
    const idle = this.#upstream.takeIdle(mayRepeat(request) ? Infinity : limits.freshMs);
    if (idle !== undefined) this.#carry(request, idle);
    else this.#dial();
  }

  abort(): void {
    this.#leave();
    this.#giveUp?.();
    this.#connection?.destroy();
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  #dial(): void {
    const nowMs = performance.now();
    this.#dialledMs ??= nowMs;
    this.#giveUp = this.#upstream.dial(
      (connection) => {
        this.#giveUp = undefined;
        const request = this.#requestNow();
        if (request === undefined) connection.destroy();
        else this.#carry(request, connection);
      },
      (cause, untrusted) => {
        this.#giveUp = undefined;
        if (this.#requestNow() === undefined) return;
        // The endpoint may have had the request all the same.
        if (this.#stale !== undefined) this.#failStale(this.#stale);
        else this.#fail(cause, { phase: "connect", untrusted, fresh: true });
      },
      nowMs - this.#dialledMs,
    );
  }

  /** What is sent now. Undefined where that is not over these connections: then it is on its way over others, or failed. */
  #requestNow(): UpstreamRequest | undefined {
    const now = this.#inForce();
    if (now instanceof PosternError) this.#refuse(now);
    else if (now.upstream !== this.#upstream) this.#moveTo(now);
    else return now.request;
    return undefined;
  }

  #inForce(): Sendable | PosternError {
    try {
      return this.#anew?.() ?? problem("endpoint_moved", { endpoint: this.#upstream.endpoint.name });
    } catch (error) {
      if (error instanceof PosternError) return error;
      throw error;
    }
  }

  #moveTo({ upstream, request }: Sendable): void {
    this.#upstream.load.inFlight -= 1;
    this.#upstream = upstream;
    upstream.load.inFlight += 1;
    // What has met a dead connection takes no idle one again.
    if (this.#stale === undefined) this.begin(request);
    else this.#dial();
  }

  #carry(request: UpstreamRequest, connection: Connection): void {
    this.#connection = connection;
    this.#carriedMs = performance.now();
    this.#fresh = connection.uses === 0;
    if (this.#fresh || !mayRepeat(request)) this.#anew = undefined;
    this.#sink.connected();
    connection.carry(request, this.#upstream.endpoint.timeouts, this);
  }

  /** For the connection, as those that follow. */
  uploaded(bytes: number): void {
    this.#sink.uploaded(bytes);
  }

  informational(head: ResponseHead): void {
    this.#sink.informational(head);
  }

  head(head: ResponseHead): void {
    this.#anew = undefined;
    this.#sink.head(head);
  }

  get takesFramed(): boolean {
    return this.#sink.takesFramed ?? false;
  }

  data(chunk: Buffer): void {
    this.#sink.data(chunk);
  }

  framed(chunks: Buffer, bytes: number): void {
    this.#sink.framed?.(chunks, bytes);
  }

  flush(): void {
    this.#sink.flush();
  }

  end(rawTrailers: readonly string[]): void {
    this.#leave();
    this.#sink.end(rawTrailers);
  }

  switched(head: ResponseHead, socket: Socket, rest: Buffer): void {
    this.#leave();
    this.#connection = undefined;
    this.#sink.switched?.(head, socket, rest);
  }

  settled(): void {
    this.#connection = undefined;
  }

  failed(cause: Error, { phase, silent, bodyAwaited }: Broken): void {
    this.#connection = undefined;
    // The server closed an idle connection just as we took it (RFC 9112 §9.3.1). It has seen nothing of the request, or
    // said nothing, and that shows soon; with the whole request at hand a fresh connection is tried, once.
    const soon = performance.now() - this.#carriedMs < limits.staleMs;
    const wasStale = silent && soon && !(cause instanceof PhaseTimeout);
    if (wasStale && this.#anew !== undefined) {
      this.#stale = cause;
      this.#dial();
    } else this.#fail(cause, { phase, untrusted: undefined, fresh: this.#fresh }, bodyAwaited);
  }

  /** Nothing has been sent, and nothing may be. */
  #refuse(error: PosternError): void {
    if (this.#stale !== undefined) return this.#failStale(this.#stale);
    this.#leave();
    this.#sink.failed({ phase: "connect", by: "postern", error, bodyAwaited: false });
  }

  /** There is no other connection in the place of the dead one. */
  #failStale(cause: Error): void {
    this.#fail(cause, { phase: "wait", untrusted: undefined, fresh: false });
  }

  #fail(cause: Error, how: Omit<Circumstances, "endpoint" | "attachment">, bodyAwaited?: boolean): void {
    if (this.#over) return;
    this.#leave();
    const { endpoint, attachment } = this.#upstream;
    this.#sink.failed(failureOf(cause, { endpoint, attachment, ...how }, bodyAwaited));
  }

  #leave(): void {
    if (!this.#over) this.#upstream.load.inFlight -= 1;
    this.#over = true;
  }
}
