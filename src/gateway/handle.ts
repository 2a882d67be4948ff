import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { PosternError, problem, reasonOf } from "../errors.ts";
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
import { relay, type RelayEnd } from "./relay.ts";
import { requestIdOf, respondWithError } from "./respond.ts";
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
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The target of the request line, as it was sent. */
  readonly target: string;
  readonly entry: Entry;
  /** Told when it is refused with an error of ours. */
  readonly refused?: () => void;
  /** For a WebSocket: the client's connection, and what came behind the request's head. */
  readonly upgrade?: { readonly socket: Socket; readonly head: Buffer };
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
    const { req, res } = arrival;
    this.#inFlight += 1;
    const record = beginRecord(requestIdOf(req), req.method ?? "", performance.now());
    const refuse = (error: PosternError): void => {
      record.code = error.code;
      record.status = error.status;
      arrival.refused?.();
      respondWithError(req, res, error, record.id);
    };
    try {
      if (this.#stopping) throw problem("stopping", undefined);
      const directory = this.#options.directory();
      const target = this.#admit(arrival, directory);
      if (asksForModels(req, target) && mergesModels(directory))
        await this.#listModels(res, record, directory);
      else await this.#relay(arrival, target, directory, record, refuse);
    } catch (error) {
      this.#failed(res, record, error, refuse);
    }
  }

  /** Guards a request and maps its target. */
  #admit({ req, target, entry }: Arrival, directory: Directory): Target {
    guard(req, target, entry.unixSocket);
    return mapTarget(target, directory.destinations, entry.endpoint);
  }

  async #relay(
    arrival: Arrival,
    target: Target,
    directory: Directory,
    record: RequestRecord,
    refuse: RelayEnd["refuse"],
  ): Promise<void> {
    const { req, res, upgrade } = arrival;
    const route = await chooseRoute(req, target, directory);
    const upstream = this.#enter(route.destination, record);
    record.model = route.model;
    const request: UpstreamRequest = {
      method: req.method ?? "GET",
      target: route.target,
      headers: requestHeaders(req.rawHeaders, upstream.host, upstream.attachment),
      body: route.body,
      ...(upgrade === undefined ? {} : { upgrade: "websocket" }),
    };
    const settle = (outcome: Outcome): void => this.#settle(record, outcome);
    const end: RelayEnd = { refuse, settle };
    if (upgrade === undefined) return relay(req, res, upstream, request, record, end);
    const { socket: client, head } = upgrade;
    relay(req, res, upstream, request, record, {
      ...end,
      switched: (answer, endpoint, rest) => {
        res.detachSocket(client);
        record.sentBytes += head.length;
        tunnel({ client, endpoint, answer, early: { toEndpoint: head, toClient: rest } }, record, settle);
      },
    });
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

  async #listModels(res: ServerResponse, record: RequestRecord, directory: Directory): Promise<void> {
    const { models, unavailable } = await mergeModels(directory);
    if (res.destroyed) return this.#settle(record, "client-wait");
    const headers = ["Content-Type", "application/json", "X-Request-Id", record.id];
    if (unavailable.length > 0) headers.push("X-Postern-Unavailable", unavailable.join(", "));
    res.writeHead(200, headers).end(JSON.stringify({ object: "list", data: models }));
    record.status = 200;
    this.#settle(record, "done");
  }

  #failed(res: ServerResponse, record: RequestRecord, error: unknown, refuse: RelayEnd["refuse"]): void {
    if (error instanceof ClientLeft) return this.#settle(record, "client-request");
    const known = error instanceof PosternError;
    if (!known) this.#options.log.error({ requestId: record.id, reason: reasonOf(error) }, "internal error");
    if (res.headersSent) res.destroy();
    else refuse(known ? error : problem("internal", { reason: "the log has more" }, error));
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

const asksForModels = (req: IncomingMessage, target: Target): boolean =>
  req.method === "GET" && target.by === "model" && /^\/models\/?$/.test(target.path);

/** A response for a request that asked for an upgrade and may be refused: Node makes none for it. */
export function responseOn(req: IncomingMessage, socket: Socket): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  // What comes after a refused upgrade is in nobody's protocol.
  res.on("finish", () => socket.end(() => socket.destroy()));
  // Told by the response's close as well; without a listener it would end the process.
  socket.on("error", () => socket.destroy());
  return res;
}
