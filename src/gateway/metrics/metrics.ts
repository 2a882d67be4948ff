import type { Registry } from "prom-client";
import { Counts, Kept } from "./cells.ts";
import { registryOf } from "./exposition.ts";
import { familiesOf, type KnownEndpoints, type Sources } from "./families.ts";
import type { CacheResult, RequestRecord } from "../record.ts";
import { type AttemptResult, EndpointTally, type KeyRefusal, KeyTally } from "./tally.ts";

/**
 * What is counted of one gateway. To count is cheap, for it only adds to cells of its own; what is read is made of them
 * when it is asked for (families.ts). Labels never hold text of a client: endpoints, models and keys are named by the
 * configuration.
 */
export class Metrics {
  readonly #directory: () => KnownEndpoints;
  readonly #cacheBytes: Sources["cacheBytes"];
  readonly #endpoints = new Kept<string, EndpointTally>(() => new EndpointTally());
  readonly #keys = new Kept<string, KeyTally>(() => new KeyTally());
  readonly #reloads = new Counts<"applied" | "refused">();
  #reloadOk = true;
  #registry: Promise<Registry> | undefined;

  /**
   * @param directory asked when the metrics are read, and for the models of an endpoint
   * @param cacheBytes what the caches of endpoints hold now
   */
  constructor(directory: () => KnownEndpoints, cacheBytes: Sources["cacheBytes"] = () => []) {
    this.#directory = directory;
    this.#cacheBytes = cacheBytes;
  }

  /** A request is on its way to an endpoint, until `ended` or `passedOn`. */
  routed(endpoint: string): void {
    this.#endpoints.of(endpoint).inFlight += 1;
  }

  /** A request left an endpoint that did not answer it, for another. */
  passedOn(endpoint: string): void {
    this.#endpoints.of(endpoint).inFlight -= 1;
  }

  /** An attempt to have a request answered ended: the last one for it, or one before. */
  tried(endpoint: string, result: AttemptResult): void {
    this.#endpoints.of(endpoint).attempts.add(result);
  }

  /** Bytes of a request's body were sent to an endpoint beside those of its record. */
  sentInVain(endpoint: string, bytes: number): void {
    this.#endpoints.of(endpoint).sentBytes += bytes;
  }

  /** Bytes of an answer's body came from an endpoint beside those of its request's record. */
  receivedInVain(endpoint: string, bytes: number): void {
    this.#endpoints.of(endpoint).receivedBytes += bytes;
  }

  /** What the cache of an endpoint did for a request. */
  cached(endpoint: string, result: CacheResult): void {
    this.#endpoints.of(endpoint).cache.add(result);
  }

  /** @param key the name of a local key; empty when a request brought none that is known */
  refusedByKey(key: string, reason: KeyRefusal): void {
    this.#keys.of(key).refusals.add(reason);
  }

  /** A request ended. Its `endpoint` is the one that it was `routed` to last. */
  ended(record: RequestRecord): void {
    this.#endpoints.of(record.endpoint ?? "").count(record, this.#modelOf(record));
    if (record.localKey !== undefined) this.#keys.of(record.localKey).count(record);
  }

  /** Configuration or vault were read again, and applied or not. */
  reloaded(ok: boolean): void {
    this.#reloads.add(ok ? "applied" : "refused");
    this.#reloadOk = ok;
  }

  /** All metrics in Prometheus' text format. */
  async exposition(): Promise<{ readonly contentType: string; readonly text: string }> {
    const registry = await this.#read();
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  /** All metrics as data that can be sent between processes: for prom-client's `AggregatorRegistry.aggregate`. */
  async values(): Promise<object[]> {
    return (await this.#read()).getMetricsAsJSON();
  }

  #read(): Promise<Registry> {
    this.#registry ??= registryOf(
      familiesOf({
        endpoints: this.#endpoints,
        keys: this.#keys,
        reloads: this.#reloads,
        reloadOk: () => this.#reloadOk,
        directory: this.#directory,
        cacheBytes: this.#cacheBytes,
      }),
    );
    return this.#registry;
  }

  /** The endpoint's own id of a request's model, where the configuration names it; else empty. */
  #modelOf({ endpoint, model }: RequestRecord): string {
    if (endpoint === undefined || model === undefined) return "";
    const named = this.#directory().destinations.get(endpoint)?.endpoint;
    return named?.aliases.get(model) ?? (named?.models.includes(model) === true ? model : "");
  }
}
