import type { Socket } from "node:net";
import type { Logger } from "pino";
import { PosternError, problem, reasonOf } from "../errors.ts";
import type { Ask } from "./ask.ts";
import { expiredSince } from "./attach.ts";
import { ClientLeft } from "./body.ts";
import type { UpstreamRequest } from "./connection.ts";
import type { Destination, Directory } from "./directory.ts";
import { guard } from "./guard.ts";
import { requestHeaders } from "./headers.ts";
import type { Metrics } from "./metrics.ts";
import { mergeModels, mergesModels } from "./models.ts";
import type { Outcome } from "./outcome.ts";
import { beginRecord, logFields, type RequestRecord } from "./record.ts";
import { Relay } from "./relay.ts";
import type { Reply } from "./reply.ts";
import { requestIdOf } from "./respond.ts";
import { chooseRoute } from "./route.ts";
import { mapTarget, type Target } from "./target.ts";
import { tunnel } from "./tunnel.ts";
import type { Upstream } from "./upstream.ts";

/** Where a connection came in. */
export interface Entry {
  /** The endpoint whose own listener it is. */
  readonly endpoint: string | undefined;
  readonly unixSocket: boolean;
}

/** A request as it comes in. */
export interface Arrival {
  readonly ask: Ask;
  readonly reply: Reply;
  readonly entry: Entry;
  /** For a WebSocket. */
  readonly upgrade?: Upgrade;
}

/** The connection of a client that asks for another protocol. */
export interface Upgrade {
  readonly socket: Socket;
  /** What came behind the request's head. */
  readonly head: Buffer;
  /** Takes the socket from the reply, which is not needed any more. */
  readonly detach: () => void;
}

export interface HandlerOptions {
  readonly directory: () => Directory;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Takes each request its whole way: guard, route, relay, and the record of how it ended. */
export class Handler {
  readonly #options: HandlerOptions;
  #inFlight = 0;
  #stopping = false;
  #idle: (() => void) | undefined;

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  /** Refuses new requests, and resolves when none is in flight or `drainMs` have passed. */
  drain(drainMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#idle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async handle(arrival: Arrival): Promise<void> {
    const { ask, reply } = arrival;
    this.#inFlight += 1;
    const record = beginRecord(requestIdOf(ask), ask.method, performance.now());
    try {
      if (this.#stopping) throw problem("stopping", undefined);
      const directory = this.#options.directory();
      const target = this.#admit(arrival, directory);
      record.path = target.path;
      if (asksForModels(ask, target) && mergesModels(directory))
        await this.#listModels(reply, record, directory);
      else await this.#relay(arrival, target, directory, record);
    } catch (error) {
      this.#failed(reply, record, error);
    }
  }

  /** Guards a request and maps its target. */
  #admit({ ask, entry }: Arrival, directory: Directory): Target {
    guard(ask, entry.unixSocket);
    return mapTarget(ask.target, directory.destinations, entry.endpoint);
  }

  async #relay(
    { ask, reply, upgrade }: Arrival,
    target: Target,
    directory: Directory,
    record: RequestRecord,
  ): Promise<void> {
    const route = await chooseRoute(ask, target, directory);
    const upstream = this.#enter(route.destination, record);
    record.model = route.model;
    const request: UpstreamRequest = {
      method: ask.method,
      target: route.target,
      headers: requestHeaders(ask.rawHeaders, upstream.host, upstream.attachment),
      body: route.body,
      ...(upgrade === undefined ? {} : { upgrade: "websocket" }),
    };
    const settle = (outcome: Outcome): void => this.#settle(record, outcome);
    const relay = new Relay(
      ask,
      reply,
      record,
      settle,
      upgrade &&
        ((answer, endpoint, rest) => {
          const { socket: client, head, detach } = upgrade;
          detach();
          record.sentBytes += head.length;
          tunnel({ client, endpoint, answer, early: { toEndpoint: head, toClient: rest } }, record, settle);
        }),
    );
    relay.start((sink) => upstream.send(request, sink));
  }

  /** The way to an endpoint whose credentials are in order now; without them nothing is sent. */
  #enter({ endpoint, way }: Destination, record: RequestRecord): Upstream {
    record.endpoint = endpoint.name;
    this.#options.metrics.routed(endpoint.name);
    if (way instanceof PosternError) throw way;
    const expired = expiredSince(way.attachment, endpoint.name, Date.now());
    if (expired !== undefined) throw expired;
    return way;
  }

  async #listModels(reply: Reply, record: RequestRecord, directory: Directory): Promise<void> {
    const { models, unavailable } = await mergeModels(directory);
    if (reply.gone) return this.#settle(record, "client-wait");
    const body = Buffer.from(JSON.stringify({ object: "list", data: models }));
    const headers = ["Content-Type", "application/json", "Content-Length", String(body.length)];
    headers.push("X-Request-Id", record.id);
    if (unavailable.length > 0) headers.push("X-Postern-Unavailable", unavailable.join(", "));
    reply.begin(200, "OK", headers);
    reply.data(body);
    reply.end([]);
    record.status = 200;
    this.#settle(record, "done");
  }

  #failed(reply: Reply, record: RequestRecord, error: unknown): void {
    if (error instanceof ClientLeft) return this.#settle(record, "client-request");
    const known = error instanceof PosternError;
    if (!known) this.#options.log.error({ requestId: record.id, reason: reasonOf(error) }, "internal error");
    if (reply.begun) reply.breakOff();
    else {
      const refusal = known ? error : problem("internal", { reason: "the log has more" }, error);
      record.code = refusal.code;
      record.status = refusal.status;
      reply.refuse(refusal, record.id);
    }
    this.#settle(record, known ? "postern-request" : "postern-internal");
  }

  #settle(record: RequestRecord, outcome: Outcome): void {
    if (record.outcome !== undefined) return;
    record.outcome = outcome;
    record.endedMs ??= performance.now();
    this.#options.metrics.ended(record);
    this.#options.log.info(logFields(record), "request");
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#idle?.();
  }
}

const asksForModels = ({ method }: Ask, target: Target): boolean =>
  method === "GET" && target.by === "model" && /^\/models\/?$/.test(target.path);
