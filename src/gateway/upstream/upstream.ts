import type { Socket } from "node:net";
import type { EndpointConfig } from "../../config/config.ts";
import type { Attachment } from "./attach.ts";
import { Connection } from "./connection.ts";
import { dialerOf, type Dialer } from "./dial.ts";
import { type Exchange, type ExchangeSink, type Load, PooledExchange } from "./exchange.ts";
import { IdleTime } from "./idle-time.ts";
import type { UpstreamRequest } from "./request.ts";
import { Turn } from "../turn.ts";

/** A request, and the connections that it goes over. */
export interface Sending {
  readonly upstream: Upstream;
  readonly request: UpstreamRequest;
}

/**
 * The same request with the credentials that are in force now, and over the connections of now; undefined where its
 * endpoint is gone. Throws a PosternError where nothing may be sent.
 */
export type Anew = () => Sending | undefined;

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

  /**
   * Sends a request over an idle connection, or a new one.
   *
   * @param anew what is sent of it once a new connection is there: until then, a credential can have been revoked
   */
  send(
    request: UpstreamRequest,
    sink: ExchangeSink,
    anew: Anew = () => (this.#retired ? undefined : { upstream: this, request }),
  ): Exchange {
    const exchange = new PooledExchange(sink, this, anew);
    this.load.inFlight += 1;
    exchange.begin(request);
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

  /** For the exchanges: opens a connection, as the dialer does. Returns a function that gives up. */
  dial(
    opened: (connection: Connection) => void,
    failed: (cause: Error, untrusted: string | undefined) => void,
    waitedMs: number,
  ): () => void {
    const connected = (socket: Socket): void => {
      const connection = new Connection(socket, this.#turn, this.#idleTime, this.#freed, this.#closed);
      this.#all.add(connection);
      opened(connection);
    };
    return this.#dialer.dial(connected, failed, waitedMs);
  }

  /**
   * For the exchanges, too.
   *
   * @param mostMs how long it may have been idle
   */
  takeIdle(mostMs: number): Connection | undefined {
    let connection = this.#idle.pop();
    while (connection?.gone === true) connection = this.#idle.pop();
    if (connection === undefined || connection.idleMs <= mostMs) return connection;
    this.#idle.push(connection);
    return undefined;
  }
}
