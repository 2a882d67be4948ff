import type { KeyLimits, LocalKeyConfig } from "../../config/config.ts";

/** Which limit of a local key a request met; named as the configuration names it. */
export type LimitName = "requests-per-minute" | "tokens-per-minute" | "concurrency";

/** A request that was let in. */
export interface Granted {
  /** To be called once, when the request has ended, with the tokens that it took. */
  readonly leave: (tokens: number) => void;
}

/** A request that was not. */
export interface Denied {
  readonly limit: LimitName;
  readonly most: number;
  /** When it can be let in at the earliest. */
  readonly waitMs: number;
}

/** Counts what each local key uses. An interface, so that one counter can serve several processes. */
export interface Quota {
  enter(key: Pick<LocalKeyConfig, "name" | "limits">): Granted | Denied | Promise<Granted | Denied>;
  /** Forgets what keys of other names have used. */
  keep(names: ReadonlySet<string>): void;
}

const minuteMs = 60_000;

/** How long a client is told to wait for another request to end, of which nobody knows when it will. */
const concurrencyWaitMs = 1000;

/** Holds what may be used in a minute, and fills up again evenly; it can be overdrawn, and is then in debt. */
class Bucket {
  #level: number;
  #most: number;
  #atMs: number;

  constructor(most: number, nowMs: number) {
    this.#most = most;
    this.#level = most;
    this.#atMs = nowMs;
  }

  /** How long it takes until there is one at least; 0 when there is. */
  waitMs(most: number, nowMs: number): number {
    this.#fill(most, nowMs);
    return this.#level >= 1 ? 0 : ((1 - this.#level) * minuteMs) / most;
  }

  take(count: number): void {
    this.#level -= count;
  }

  /** A limit that was changed meanwhile counts from now on. */
  #fill(most: number, nowMs: number): void {
    const gained = (Math.max(nowMs - this.#atMs, 0) * most) / minuteMs;
    this.#level = Math.min(this.#level + gained + Math.max(most - this.#most, 0), most);
    this.#most = most;
    this.#atMs = nowMs;
  }
}

/** What one key uses. */
class Use {
  #requests: Bucket | undefined;
  #tokens: Bucket | undefined;
  #inFlight = 0;

  enter({ requestsPerMinute, tokensPerMinute, concurrency }: KeyLimits, nowMs: number): Denied | undefined {
    if (concurrency !== undefined && this.#inFlight >= concurrency)
      return { limit: "concurrency", most: concurrency, waitMs: concurrencyWaitMs };
    if (requestsPerMinute !== undefined) {
      this.#requests ??= new Bucket(requestsPerMinute, nowMs);
      const waitMs = this.#requests.waitMs(requestsPerMinute, nowMs);
      if (waitMs > 0) return { limit: "requests-per-minute", most: requestsPerMinute, waitMs };
    }
    if (tokensPerMinute !== undefined) {
      this.#tokens ??= new Bucket(tokensPerMinute, nowMs);
      const waitMs = this.#tokens.waitMs(tokensPerMinute, nowMs);
      if (waitMs > 0) return { limit: "tokens-per-minute", most: tokensPerMinute, waitMs };
    }
    this.#requests?.take(1);
    this.#inFlight += 1;
    return undefined;
  }

  leave(tokens: number): void {
    this.#inFlight -= 1;
    this.#tokens?.take(tokens);
  }
}

/** Counts in this process alone. It holds a few numbers for each key, however many requests there are. */
export class LocalQuota implements Quota {
  readonly #nowMs: () => number;
  readonly #uses = new Map<string, Use>();

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  enter({ name, limits }: Pick<LocalKeyConfig, "name" | "limits">): Granted | Denied {
    let use = this.#uses.get(name);
    if (use === undefined) this.#uses.set(name, (use = new Use()));
    const granted = use;
    return granted.enter(limits, this.#nowMs()) ?? { leave: (tokens) => granted.leave(tokens) };
  }

  keep(names: ReadonlySet<string>): void {
    for (const name of this.#uses.keys()) if (!names.has(name)) this.#uses.delete(name);
  }
}
