import { limits } from "../limits.ts";
import type { RequestRecord } from "../record.ts";
import { Copies } from "./copies.ts";
import { Ended } from "./ended.ts";
import { cells, Hour, stepMs, steps } from "./hour.ts";
import { InFlight, type Stopper } from "./in-flight.ts";

/** The hour that ends with a step, in buckets. */
export interface Counted {
  /** Those that have an hour of their own. */
  readonly endpoints: readonly string[];
  /** The last step, counted from the epoch. */
  readonly last: number;
  /** The oldest first; what stands in each, `cells` says. */
  readonly buckets: Uint32Array;
}

/**
 * The requests of one process: those in flight, the last ones that ended, and the last hour in figures. It hears of every
 * request, so it only notes and counts; what is shown of them is made when somebody looks.
 */
export class Traffic {
  readonly #now: () => number;
  readonly #inFlight = new InFlight();
  readonly #texts = new Copies(limits.seenRequests);
  readonly #ended = new Ended(limits.seenRequests, this.#texts);
  /** By endpoint; what reached none stands under the empty name. */
  readonly #hours = new Map<string, Hour>();

  /** @param now the time of day, in milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A request is sent on its way; or somebody else can stop it now. */
  begun(record: RequestRecord, stopper: Stopper): void {
    this.#inFlight.add(record, stopper);
  }

  /** A request ended, whether it had begun or not. */
  ended(record: RequestRecord): void {
    this.#inFlight.delete(record);
    this.#ended.add(record);
    this.#hourOf(record.endpoint ?? "").count(record, this.#now());
  }

  /** How many have ended since the start. */
  get endedCount(): number {
    return this.#ended.added;
  }

  /** Those that ended last, the newest first, at most so many. */
  newestEnded(most: number): readonly RequestRecord[] {
    return this.#ended.newest(most);
  }

  get inFlightCount(): number {
    return this.#inFlight.count;
  }

  /** Those that began last, the newest first, at most so many. */
  newestInFlight(most: number): readonly RequestRecord[] {
    return this.#inFlight.newest(most);
  }

  /** The last one to each endpoint that ended. */
  latest(): readonly RequestRecord[] {
    return [...this.#hours].flatMap(([endpoint, { last }]) => (endpoint === "" ? [] : last));
  }

  /** How many ended in the last hour, and how many of them went wrong. */
  lastHourTotals(): { readonly requests: number; readonly errors: number } {
    const last = Math.floor(this.#now() / stepMs);
    const sum = { requests: 0, errors: 0 };
    for (const hour of this.#hours.values()) {
      const { requests, errors } = hour.totals(last);
      sum.requests += requests;
      sum.errors += errors;
    }
    return sum;
  }

  /** The last hour of an endpoint; of all requests together without one. */
  lastHour(endpoint?: string): Counted {
    const last = Math.floor(this.#now() / stepMs);
    const buckets = new Uint32Array(steps * cells.width);
    for (const [name, hour] of this.#hours)
      if (endpoint === undefined || endpoint === name) hour.addTo(buckets, last);
    return { endpoints: [...this.#hours.keys()].filter((name) => name !== ""), last, buckets };
  }

  /** Ends a request that is in flight. Returns whether it was. */
  stop(number: number): boolean {
    return this.#inFlight.stop(number);
  }

  /** Ends all that are in flight, for this process ends. */
  stopAll(): void {
    this.#inFlight.stopAll();
  }

  /** Forgets the hours of endpoints that there are no more. */
  keepOnly(endpoints: ReadonlyMap<string, unknown>): void {
    for (const name of this.#hours.keys()) if (name !== "" && !endpoints.has(name)) this.#hours.delete(name);
  }

  #hourOf(endpoint: string): Hour {
    let hour = this.#hours.get(endpoint);
    if (hour === undefined) this.#hours.set(endpoint, (hour = new Hour(this.#texts)));
    return hour;
  }
}
