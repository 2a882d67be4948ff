import type { Logger } from "pino";
import type { EndpointConfig, LocalKeyConfig } from "../config/config.ts";
import { problem } from "../errors.ts";
import { type IncomingRequest, headerOf } from "./local/incoming-request.ts";
import { Attempts, type AttemptsWatch } from "./attempts/attempts.ts";
import type { AnswerCaches } from "./cache/cache.ts";
import type { CacheQuestion } from "./cache/cache-key.ts";
import { consult } from "./cache/cached.ts";
import { type Destination, type Directory, openWay } from "./directory.ts";
import { requestHeaders } from "./upstream/headers.ts";
import { HubLinks, type HubPlace } from "./upstream/hub-links.ts";
import type { Prepared } from "./attempts/line-up.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { CacheResult, RequestRecord } from "./record.ts";
import { Renewing } from "./attempts/renewing.ts";
import type { Route } from "./route.ts";
import type { Target } from "./target.ts";
import type { Exchange, ExchangeSink } from "./upstream/exchange.ts";
import { type Anew, type Sending, Upstream } from "./upstream/upstream.ts";

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
  readonly incoming: IncomingRequest;
  readonly target: Target;
  readonly route: Route;
  readonly key: LocalKeyConfig | undefined;
  /** The protocol that it asks for, if it is to be switched to another. */
  readonly upgrade: string | undefined;
}

type Errand = Pick<Route, "target" | "body">;

const steadyMs = (): number => performance.now();

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
    const { incoming, route } = dispatched;
    const { destination, shared } = route;
    if (shared === undefined) {
      this.#enter(destination.endpoint.name, record);
      const noted = (result: CacheResult): void => void (record.cache = result);
      return this.#prepare(dispatched, destination, route, record, noted).send(sink);
    }
    const { pool, errandTo } = shared;
    record.shared = true;
    const results = new Map<string, CacheResult>();
    const prepare = (to: Destination): Prepared =>
      this.#prepare(dispatched, to, errandTo(to), record, (result) => {
        results.set(to.endpoint.name, result);
        record.cache = result;
      });
    const watch = this.#watchOf(record, results);
    return Attempts.start(
      { pool, method: incoming.method, prepare, watch, now: steadyMs, random: Math.random },
      sink,
    );
  }

  /** @param noted hears what the endpoint's cache did, if it has one and is asked */
  #prepare(
    dispatched: Dispatched,
    chosen: Destination,
    errand: Errand,
    record: RequestRecord,
    noted: (result: CacheResult) => void,
  ): Prepared {
    const { target, upgrade, key } = dispatched;
    const to = this.#asItIsNow(chosen);
    const made = madeFor(to, dispatched, errand);
    const { request } = made;
    const { name } = to.endpoint;
    const sending = (sink: ExchangeSink): Exchange => {
      this.#noteUse(record, made);
      const anew = (): Sending | undefined => {
        const now = this.#inPlaceOf(to.endpoint);
        return now && this.#noteUse(record, madeFor(now, dispatched, errand));
      };
      return this.#sendPlain(dispatched, to.endpoint, made, anew, sink);
    };
    // Of the present endpoint: that of the connections can be older than its cache's settings.
    const cache = this.#options.caches.of(to.endpoint);
    if (cache === undefined || target.by === "raw" || upgrade !== undefined)
      return { request, kept: false, send: sending };
    const { result, send } = consult(cache, questionOf(to.endpoint, made, target.path, key), sending);
    return {
      request,
      kept: result === "hit",
      send: (sink) => {
        noted(result);
        this.#options.metrics.cached(name, result);
        return send(sink);
      },
    };
  }

  /**
   * An endpoint can change after its request was routed, while the body is still awaited or an endpoint has asked for a
   * pause: credentials of then may have been revoked, and one that is gone gets none any more. For a request that waits
   * for its connection, Upstream asks anew.
   *
   * @throws PosternError endpoint_moved
   */
  #asItIsNow(chosen: Destination): Destination {
    // What nothing may be sent to, for want of a credential or because of a local key, stays so.
    if (!(chosen.way instanceof Upstream)) return chosen;
    const now = this.#inPlaceOf(chosen.endpoint);
    if (now === undefined) throw problem("endpoint_moved", { endpoint: chosen.endpoint.name });
    return now;
  }

  /** Who takes a request that was made for this endpoint: its target is of the same place. */
  #inPlaceOf({ name, origin, basePath }: EndpointConfig): Destination | undefined {
    const now = this.#options.directory().destinations.get(name);
    return now?.endpoint.origin === origin && now.endpoint.basePath === basePath ? now : undefined;
  }

  /** Past the cache: to the endpoint, with what its type and the source of its credentials ask for. */
  #sendPlain(
    dispatched: Dispatched,
    endpoint: EndpointConfig,
    made: Sending,
    anew: Anew,
    client: ExchangeSink,
  ): Exchange {
    const { incoming, target } = dispatched;
    const { upstream, request } = made;
    const isHub = endpoint.type === "hugging-face" && target.by === "raw";
    const sink = isHub ? new HubLinks(client, hubPlace(incoming, endpoint.origin, target.at)) : client;
    if (upstream.attachment.live.length === 0) return upstream.send(request, sink, anew);
    return Renewing.start(made, anew, sink);
  }

  #noteUse({ localKey }: RequestRecord, made: Sending): Sending {
    if (localKey !== undefined) this.#options.used(localKey, made.upstream);
    return made;
  }

  /** The request is on its way to an endpoint, and not to another one any more. */
  #enter(endpoint: string, record: RequestRecord): void {
    if (record.endpoint === endpoint) return;
    if (record.endpoint !== undefined) this.#options.metrics.passedOn(record.endpoint);
    record.endpoint = endpoint;
    this.#options.metrics.routed(endpoint);
  }

  /** @param results what the caches of the endpoints did */
  #watchOf(record: RequestRecord, results: ReadonlyMap<string, CacheResult>): AttemptsWatch {
    const { metrics, log } = this.#options;
    return {
      entered: (endpoint) => {
        this.#enter(endpoint, record);
        record.cache = results.get(endpoint);
      },
      tried: (endpoint, result) => metrics.tried(endpoint, result),
      passed: (notes) => (record.tried = notes),
      sentInVain: (endpoint, bytes) => metrics.sentInVain(endpoint, bytes),
      receivedInVain: (endpoint, bytes) => metrics.receivedInVain(endpoint, bytes),
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
function madeFor(to: Destination, { incoming, upgrade }: Dispatched, { target, body }: Errand): Sending {
  const upstream = openWay(to, Date.now());
  const headers = requestHeaders(incoming.rawHeaders, upstream.host, upstream.attachment);
  const request = { method: incoming.method, target, headers, body };
  return { upstream, request: upgrade === undefined ? request : { ...request, upgrade } };
}

/** What the endpoint's cache is asked. */
function questionOf(
  { name, cache }: EndpointConfig,
  { upstream, request: { body, ...sent } }: Sending,
  path: string,
  key: LocalKeyConfig | undefined,
): CacheQuestion {
  return {
    ...sent,
    endpoint: name,
    attachment: upstream.attachment.version,
    path,
    body: body?.rest === undefined ? body?.read : undefined,
    keyDigest: cache?.shared === true ? undefined : key?.digest,
  };
}

function hubPlace(incoming: IncomingRequest, origin: string, path: string): HubPlace {
  const host = headerOf(incoming, "host");
  return { origin, path, local: host && `http://${host}` };
}
