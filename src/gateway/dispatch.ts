import type { Logger } from "pino";
import type { EndpointConfig } from "../config/config.ts";
import { type Ask, headerOf } from "./local/ask.ts";
import { Attempts, type AttemptsWatch } from "./attempts/attempts.ts";
import type { AnswerCaches } from "./cache/cache.ts";
import { sendCached } from "./cache/cached.ts";
import { type Destination, type Directory, openWay } from "./directory.ts";
import { requestHeaders } from "./upstream/headers.ts";
import { HubLinks, type HubPlace } from "./upstream/hub-links.ts";
import type { Prepared } from "./attempts/line-up.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { RequestRecord } from "./record.ts";
import { Renewing, type Sending } from "./attempts/renewing.ts";
import type { Route } from "./route.ts";
import type { Target } from "./target.ts";
import { type Exchange, type ExchangeSink, Upstream } from "./upstream/upstream.ts";

export interface DispatchOptions {
  readonly directory: () => Directory;
  readonly metrics: Metrics;
  readonly caches: AnswerCaches;
  readonly log: Logger;
  /** A request with this local key is about to be sent with an endpoint's credentials. */
  readonly used: (key: string, upstream: Upstream) => void;
}

/** A request whose route is known. */
export interface Dispatched {
  readonly ask: Ask;
  readonly target: Target;
  readonly route: Route;
  /** The protocol that it asks for, if it is to be switched to another. */
  readonly upgrade: string | undefined;
}

type Errand = Pick<Route, "target" | "body">;

/** Sends requests on their route: to one endpoint, to one of several, or no further than to a cache. */
export class Dispatch {
  readonly #options: DispatchOptions;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  /**
   * Sends a request, and its answer to `sink`.
   *
   * @throws PosternError why nothing may be sent
   */
  send(dispatched: Dispatched, record: RequestRecord, sink: ExchangeSink): Exchange {
    const { ask, route } = dispatched;
    const { destination, shared } = route;
    if (shared === undefined) {
      this.#enter(destination.endpoint.name, record);
      return this.#prepare(dispatched, destination, route, record).send(sink);
    }
    const { pool, errandTo } = shared;
    const prepare = (to: Destination): Prepared => this.#prepare(dispatched, to, errandTo(to), record);
    const watch = this.#watchOf(record);
    const now = (): number => performance.now();
    return Attempts.start({ pool, method: ask.method, prepare, watch, now, random: Math.random }, sink);
  }

  #prepare(dispatched: Dispatched, chosen: Destination, errand: Errand, record: RequestRecord): Prepared {
    const { target, upgrade } = dispatched;
    const to = this.#asItIsNow(chosen);
    const made = madeFor(to, dispatched, errand);
    const { request } = made;
    if (record.localKey !== undefined) this.#options.used(record.localKey, made.upstream);
    const sending = (sink: ExchangeSink): Exchange =>
      this.#sendPlain(dispatched, to.endpoint, made, errand, sink);
    const cache = target.by === "raw" || upgrade !== undefined ? undefined : to.endpoint.cache;
    if (cache === undefined) return { request, send: sending };
    return {
      request,
      send: (sink) => this.#sendCached(to.endpoint, made, target.path, record, sending, sink),
    };
  }

  /**
   * An endpoint's credentials can change after its request was routed, while the body is still awaited or an endpoint
   * has asked for a pause: those of then may have been revoked.
   */
  #asItIsNow(chosen: Destination): Destination {
    const now = this.#options.directory().destinations.get(chosen.endpoint.name);
    // What nothing may be sent to, for want of a credential or because of a local key, stays so.
    const same = chosen.way instanceof Upstream && now?.endpoint.origin === chosen.endpoint.origin;
    return same ? now : chosen;
  }

  /** Past the cache: to the endpoint, with what its type and the source of its credentials ask for. */
  #sendPlain(
    dispatched: Dispatched,
    { name, origin, type }: EndpointConfig,
    made: Sending,
    errand: Errand,
    client: ExchangeSink,
  ): Exchange {
    const { ask, target } = dispatched;
    const { upstream, request } = made;
    const isHub = type === "hugging-face" && target.by === "raw";
    const sink = isHub ? new HubLinks(client, hubPlace(ask, origin, target.at)) : client;
    if (upstream.attachment.live.length === 0) return upstream.send(request, sink);
    const anew = (): Sending | undefined => {
      const now = this.#options.directory().destinations.get(name);
      return now?.endpoint.origin === origin ? madeFor(now, dispatched, errand) : undefined;
    };
    return Renewing.start(made, anew, sink);
  }

  /** The endpoint is the present one: that of the connections can be older than its cache's settings. */
  #sendCached(
    endpoint: EndpointConfig,
    { upstream, request }: Sending,
    path: string,
    record: RequestRecord,
    sending: (sink: ExchangeSink) => Exchange,
    sink: ExchangeSink,
  ): Exchange {
    const cache = this.#options.caches.of(endpoint);
    if (cache === undefined) return sending(sink);
    const { body, ...sent } = request;
    const question = {
      ...sent,
      endpoint: endpoint.name,
      attachment: upstream.attachment.version,
      path,
      body: body?.rest === undefined ? body?.read : undefined,
      localKey: endpoint.cache?.shared === true ? undefined : record.localKey,
    };
    return sendCached(cache, question, sending, sink, (result) => {
      record.cache = result;
      this.#options.metrics.cached(endpoint.name, result);
    });
  }

  /** The request is on its way to an endpoint, and not to another one any more. */
  #enter(endpoint: string, record: RequestRecord): void {
    if (record.endpoint === endpoint) return;
    if (record.endpoint !== undefined) this.#options.metrics.passedOn(record.endpoint);
    record.endpoint = endpoint;
    this.#options.metrics.routed(endpoint);
  }

  #watchOf(record: RequestRecord): AttemptsWatch {
    const { metrics, log } = this.#options;
    return {
      entered: (endpoint) => this.#enter(endpoint, record),
      tried: (endpoint, result) => metrics.tried(endpoint, result),
      passed: (notes) => (record.tried = notes),
      ejected: (endpoint, forMs) => {
        const seconds = Math.round(forMs / 1000);
        log.warn(
          { endpoint, seconds },
          "endpoint fails; for this time others that serve its models are asked first",
        );
      },
    };
  }
}

/** The request for an endpoint, with its credentials as they are now. Throws a PosternError where nothing may be sent. */
function madeFor(to: Destination, { ask, upgrade }: Dispatched, { target, body }: Errand): Sending {
  const upstream = openWay(to, Date.now());
  const headers = requestHeaders(ask.rawHeaders, upstream.host, upstream.attachment);
  const request = { method: ask.method, target, headers, body };
  return { upstream, request: upgrade === undefined ? request : { ...request, upgrade } };
}

function hubPlace(ask: Ask, origin: string, path: string): HubPlace {
  const host = headerOf(ask, "host");
  return { origin, path, local: host && `http://${host}` };
}
