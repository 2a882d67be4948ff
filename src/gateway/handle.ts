import type { Socket } from "node:net";
import type { DestinationStream } from "pino";
import { PosternError, problem, reasonOf } from "../errors.ts";
import type { IncomingRequest } from "./local/incoming-request.ts";
import { ClientLeft } from "./body/body.ts";
import { BodyRoom } from "./body/body-room.ts";
import { triedHeaders } from "./attempts/tried-headers.ts";
import { isPreflight, permission, readableBy } from "./local/cors.ts";
import { Dispatch, type Dispatched, type DispatchOptions } from "./dispatch.ts";
import { Drain } from "./drain.ts";
import { type Entered, Entrance } from "./keys/entrance.ts";
import { allowedOrigin, guard, type Place } from "./local/guard.ts";
import { Metered } from "./local/metered.ts";
import { mergeModels, mergesModels } from "./models.ts";
import type { Outcome } from "./outcome.ts";
import { asksForModels, listedFor, mayName } from "./keys/permit.ts";
import type { Quota } from "./keys/quota.ts";
import { beginRecord, type RequestRecord } from "./record.ts";
import { Relay } from "./relay.ts";
import { RequestLog } from "./request-log.ts";
import type { Reply } from "./local/reply.ts";
import { requestIdOf } from "./local/respond.ts";
import { chooseRoute, type Route } from "./route.ts";
import type { Rules } from "./keys/rules.ts";
import type { Traffic } from "./live/traffic.ts";
import { tunnel } from "./tunnel.ts";
import type { Exchange, ExchangeSink } from "./upstream/exchange.ts";

/** Where a connection came in. */
export interface Entry extends Place {
  /** The endpoint whose own listener it is. */
  readonly endpoint: string | undefined;
}

/** A request as it comes in. */
export interface Arrival {
  readonly incoming: IncomingRequest;
  readonly reply: Reply;
  readonly entry: Entry;
  /** For a WebSocket. */
  readonly upgrade?: Upgrade;
}

/** The connection of a client that asks for another protocol. */
export interface Upgrade {
  readonly socket: Socket;
  /** Takes the socket from the reply, which is not needed any more. Returns what has come behind the request's head. */
  readonly detach: () => Buffer;
}

export interface HandlerOptions extends DispatchOptions {
  readonly rules: () => Rules;
  readonly quota: Quota;
  readonly traffic: Traffic;
  /** Where `log` writes. */
  readonly logTo: DestinationStream;
}

/** Takes each request its whole way: guard, route, relay, and the record of how it ended. */
export class Handler {
  readonly #options: HandlerOptions;
  readonly #entrance: Entrance;
  readonly #bodyRoom = new BodyRoom();
  readonly #dispatch: Dispatch;
  readonly #requestLog: RequestLog;
  readonly #drain: Drain;
  #requests = 0;

  constructor(options: HandlerOptions) {
    this.#options = options;
    this.#entrance = new Entrance(options.quota, options.metrics);
    this.#dispatch = new Dispatch(options);
    this.#requestLog = new RequestLog(options.log, options.logTo);
    this.#drain = new Drain(options.traffic, options.log);
  }

  /** Refuses new requests, and resolves when none is in flight: when `over` aborts, those that are get broken off. */
  drain(over: AbortSignal): Promise<void> {
    return this.#drain.run(over);
  }

  async handle({ incoming, reply, entry, upgrade }: Arrival): Promise<void> {
    this.#drain.enter();
    const record = beginRecord({
      number: (this.#requests += 1),
      id: requestIdOf(incoming),
      method: incoming.method,
      startedMs: performance.now(),
      startedAt: Date.now(),
    });
    try {
      if (this.#drain.begun) throw problem("stopping", undefined);
      const directory = this.#options.directory();
      const rules = this.#options.rules();
      const page = allowedOrigin(incoming, rules.welcome);
      if (page !== undefined) reply.amend = readableBy(page);
      guard(incoming, entry, rules.welcome);
      if (page !== undefined && isPreflight(incoming)) return this.#permitPage(incoming, page, reply, record);
      const counted = this.#bodyRoom.enter(incoming, record);
      const admitted = this.#entrance.admit(counted, entry.endpoint, rules, directory, record);
      const entered = admitted instanceof Promise ? await this.#drain.inTime(admitted) : admitted;
      if (listsModels(entered)) return await this.#listModels(reply, record, entered);
      const found = chooseRoute(entered.incoming, entered.target, entered.directory);
      const route = found instanceof Promise ? await this.#drain.inTime(found) : found;
      this.#entrance.pass(entered, route.destination);
      this.#relay({ reply, upgrade }, entered, route, record);
    } catch (error) {
      this.#failed(reply, record, error);
    }
  }

  #relay(
    { reply, upgrade }: { readonly reply: Reply; readonly upgrade: Upgrade | undefined },
    { incoming, target, key }: Entered,
    route: Route,
    record: RequestRecord,
  ): void {
    record.model = route.model;
    record.wholeBytes = route.body?.rest === undefined ? route.body?.length : undefined;
    const settle = (outcome: Outcome): void => this.#settle(record, outcome);
    const relay = new Relay(
      incoming,
      reply,
      record,
      settle,
      upgrade &&
        ((answer, endpoint, rest) => {
          const { socket: client, detach } = upgrade;
          const head = detach();
          record.sentBytes += head.length;
          const early = { toEndpoint: head, toClient: rest };
          const tunnelled = tunnel({ client, endpoint, answer, early }, record, settle);
          this.#options.traffic.begun(record, tunnelled);
        }),
    );
    this.#options.traffic.begun(record, relay);
    const source = incoming.content?.source;
    if (source instanceof Metered) source.onTooLarge((error) => relay.refused(error));
    relay.start(this.#sending({ incoming, target, route, key, upgrade: upgrade && "websocket" }, record));
  }

  /** A closure of its own: those of the relay would hold the request's body for as long as its answer takes. */
  #sending(dispatched: Dispatched, record: RequestRecord): (sink: ExchangeSink) => Exchange {
    return (sink) => this.#dispatch.send(dispatched, record, sink);
  }

  #permitPage(incoming: IncomingRequest, page: string, reply: Reply, record: RequestRecord): void {
    reply.amend = undefined;
    reply.begin(204, "No Content", [...permission(incoming, page), "X-Request-Id", record.id]);
    reply.end([]);
    record.status = 204;
    this.#settle(record, "done");
  }

  async #listModels(reply: Reply, record: RequestRecord, { key, target, directory }: Entered): Promise<void> {
    const over = new AbortController();
    reply.watch({ drained: () => {}, refused: () => {}, closed: () => over.abort() });
    if (reply.gone) over.abort();
    const listed = key === undefined ? directory : listedFor(key, target, directory);
    const { models: all, unavailable } = await this.#drain.inTime(mergeModels(listed, over.signal));
    const models = key === undefined ? all : all.filter((model) => mayName(key, model));
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
      reply.refuse(refusal, record.id, triedHeaders(record));
    }
    this.#settle(record, known ? outcomeOfRefusal(error) : "postern-internal");
  }

  #settle(record: RequestRecord, outcome: Outcome): void {
    if (record.outcome !== undefined) return;
    record.outcome = outcome;
    record.endedMs ??= performance.now();
    this.#entrance.leave(record);
    this.#bodyRoom.leave(record);
    this.#options.metrics.ended(record);
    this.#requestLog.write(record);
    this.#options.traffic.ended(record);
    this.#drain.leave();
  }
}

/** The outcome of a request that ends before it is sent on its way. */
function outcomeOfRefusal({ code }: PosternError): Outcome {
  if (code === "request_timeout") return "timeout-request";
  return code === "shut_down" ? "shutdown-request" : "postern-request";
}

/** Whether the models are ours to list: those of several endpoints, or those that a key may use. */
function listsModels({ incoming, target, directory, key }: Entered): boolean {
  if (!asksForModels(incoming, target)) return false;
  if (key !== undefined && key.models.length > 0) return true;
  const limited = key !== undefined && key.endpoints.length > 0;
  return target.by === "model" && (limited || mergesModels(directory));
}
