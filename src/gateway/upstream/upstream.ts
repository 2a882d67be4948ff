import type { Socket } from "node:net";
import type { EndpointConfig } from "../../config/config.ts";
import type { Attachment } from "./attach.ts";
import { Connection, type ExchangeEvents } from "./connection.ts";
import type { UpstreamRequest } from "./request.ts";
import { dialerOf, type Dialer } from "./dial.ts";
import { type Failure, failureOf, type Phase, PhaseTimeout } from "./failure.ts";
import { IdleTime } from "./idle-time.ts";
import { limits } from "../limits.ts";
import { Turn } from "../turn.ts";
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

/** The verified connections of one endpoint under one version of its attachment. */
export class Upstream {
  readonly endpoint: EndpointConfig;
  readonly attachment: Attachment;
  /** What requests name as their `Host`. */
  readonly host: string;
  readonly #dialer: Dialer;
  /** The last one used is taken first: the others may then grow old and be closed. */
  readonly #idle: Connection[] = [];
  readonly #turn = new Turn();
  readonly #idleTime = new IdleTime();
  readonly #all = new Set<Connection>();
  #retired = false;
  readonly load: Load;
  // Made here, and not where a connection is opened: it would hold the request for which it was, for as long as it lives.
  readonly #freed = (connection: Connection): void => {
    if (this.#retired) connection.destroy();
    else this.#idle.push(connection);
  };
  readonly #closed = (connection: Connection): void => {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  };

  /**
   * @param authorities PEM texts of the CAs that may have signed the endpoint's certificate, beside its own `ca`
   * @param load where its requests are counted
   */
  constructor(
    endpoint: EndpointConfig,
    attachment: Attachment,
    authorities: readonly string[],
    load: Load = { inFlight: 0 },
  ) {
    this.load = load;
    this.endpoint = endpoint;
    this.attachment = attachment;
    this.host = new URL(endpoint.origin).host;
    this.#dialer = dialerOf(endpoint, attachment, authorities);
  }

  /** Connections that are open now, and how many of them carry nothing. */
  get connections(): { readonly open: number; readonly idle: number } {
    return { open: this.#all.size, idle: this.#idle.length };
  }

  /** Sends a request over an idle connection, or a new one. */
  send(request: UpstreamRequest, sink: ExchangeSink): Exchange {
    const exchange = new PooledExchange(sink, this);
    this.load.inFlight += 1;
    exchange.begin(request, this.#takeIdle(mayRepeat(request) ? Infinity : limits.freshMs));
    return exchange;
  }

  /** Closes what is idle, and the rest as it becomes so: exchanges in flight lose nothing. */
  retire(): void {
    this.#retired = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Closes every connection now. */
  close(): void {
    this.retire();
    for (const connection of this.#all) connection.destroy();
  }

  /** For the exchanges: opens a connection. Returns a function that gives up. */
  dial(
    opened: (connection: Connection) => void,
    failed: (cause: Error, untrusted: string | undefined) => void,
  ): () => void {
    return this.#dialer.dial((socket) => {
      const connection = new Connection(socket, this.#turn, this.#idleTime, this.#freed, this.#closed);
      this.#all.add(connection);
      opened(connection);
    }, failed);
  }

  /** @param mostMs how long it may have been idle */
  #takeIdle(mostMs: number): Connection | undefined {
    let connection = this.#idle.pop();
    while (connection?.gone === true) connection = this.#idle.pop();
    if (connection === undefined || connection.idleMs <= mostMs) return connection;
    this.#idle.push(connection);
    return undefined;
  }
}

/** Whether a request can be sent once more: all of it is at hand. */
const mayRepeat = ({ body }: UpstreamRequest): boolean => body?.rest === undefined;

/** An exchange that can move to a fresh connection when an idle one turns out to be dead. */
class PooledExchange implements Exchange, ExchangeEvents {
  readonly #sink: ExchangeSink;
  readonly #upstream: Upstream;
  /** What is sent once more if the connection turns out to be dead. Not held for longer: the body can be large. */
  #again: UpstreamRequest | undefined;
  #connection: Connection | undefined;
  #giveUp: (() => void) | undefined;
  /** No answer has come on its connection before. */
  #fresh = true;
  /** When its connection was given the request (`performance.now`). */
  #carriedMs = 0;
  /** How the connection ended that was dead. */
  #stale: Error | undefined;
  #over = false;

  constructor(sink: ExchangeSink, upstream: Upstream) {
    this.#sink = sink;
    this.#upstream = upstream;
  }

  begin(request: UpstreamRequest, idle: Connection | undefined): void {
    if (idle !== undefined) this.#carry(request, idle);
    else this.#dial(request);
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

  #dial(request: UpstreamRequest): void {
    this.#giveUp = this.#upstream.dial(
      (connection) => {
        this.#giveUp = undefined;
        this.#carry(request, connection);
      },
      (cause, untrusted) => {
        this.#giveUp = undefined;
        // The endpoint may have had the request all the same.
        if (this.#stale !== undefined) this.#fail(this.#stale, "wait", false, undefined);
        else this.#fail(cause, "connect", true, untrusted);
      },
    );
  }

  #carry(request: UpstreamRequest, connection: Connection): void {
    this.#connection = connection;
    this.#carriedMs = performance.now();
    this.#fresh = connection.uses === 0;
    this.#again = !this.#fresh && mayRepeat(request) ? request : undefined;
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
    this.#again = undefined;
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

  failed(cause: Error, phase: Phase, silent: boolean): void {
    this.#connection = undefined;
    // The server closed an idle connection just as we took it (RFC 9112 §9.3.1). It has seen nothing of the request, or
    // said nothing, and that shows soon; with the whole request at hand a fresh connection is tried, once.
    const soon = performance.now() - this.#carriedMs < limits.staleMs;
    const wasStale = silent && soon && !(cause instanceof PhaseTimeout);
    if (wasStale && this.#again !== undefined) {
      this.#stale = cause;
      this.#dial(this.#again);
    } else this.#fail(cause, phase, this.#fresh, undefined);
  }

  #fail(cause: Error, phase: Phase, fresh: boolean, untrusted: string | undefined): void {
    if (this.#over) return;
    this.#leave();
    const { endpoint, attachment } = this.#upstream;
    this.#sink.failed(failureOf(cause, { endpoint, attachment, phase, untrusted, fresh }));
  }

  #leave(): void {
    if (!this.#over) this.#upstream.load.inFlight -= 1;
    this.#over = true;
  }
}
