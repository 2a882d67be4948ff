import { LRUCache } from "lru-cache";
import type { CacheConfig, EndpointConfig } from "../../config/config.ts";
import { type Answer, sizeOf } from "./answer.ts";
import { limits } from "../limits.ts";
import { Recording, RecordingRoom } from "./recording.ts";

interface Clock {
  /** Milliseconds since any fixed point. */
  now(): number;
}

/**
 * The answers of one endpoint that may be given again, in memory: the least recently used ones go when there is no more
 * room. Requests that ask the same at the same time are not joined: each is sent, and the last answer stays.
 */
export class AnswerCache {
  readonly #answers: LRUCache<string, Answer>;
  readonly #clock: Clock;
  readonly #room: RecordingRoom;

  constructor({ sizeBytes, ttlMs }: Omit<CacheConfig, "shared">, clock: Clock = performance) {
    this.#clock = clock;
    this.#room = new RecordingRoom(sizeBytes);
    this.#answers = new LRUCache({
      maxSize: sizeBytes,
      maxEntrySize: limits.cachedAnswerBytes,
      sizeCalculation: sizeOf,
      ttl: ttlMs,
      perf: clock,
      // The clock is asked each time: what it said is not kept with a timer.
      ttlResolution: 0,
    });
  }

  /** What the answers take in memory. */
  get bytes(): number {
    return this.#answers.calculatedSize;
  }

  /** The answer with its age, in seconds. */
  find(key: string): { readonly answer: Answer; readonly ageSeconds: number } | undefined {
    const answer = this.#answers.get(key);
    if (answer === undefined) return undefined;
    return { answer, ageSeconds: Math.floor((this.#clock.now() - answer.storedMs) / 1000) };
  }

  /**
   * What an answer is to be told to as it comes, to be kept when it is complete and may be.
   *
   * @param statusTells whether the answer's status says that it is good, though what it says cannot be read
   */
  record(key: string, statusTells: boolean): Recording {
    return new Recording({
      room: this.#room,
      statusTells,
      keep: (answer) => this.#answers.set(key, { ...answer, storedMs: this.#clock.now() }),
    });
  }

  /** Lets go of the answers whose time is over: by themselves they stay until they are asked for. */
  purgeStale(): void {
    this.#answers.purgeStale();
  }
}

/**
 * The caches of the endpoints that have one. One whose settings have changed begins empty. `close` must follow: a timer
 * holds them, so that no answer stays long when its time is over.
 */
export class AnswerCaches {
  readonly #caches = new Map<string, { readonly settings: string; readonly cache: AnswerCache }>();
  #purging: NodeJS.Timeout | undefined;

  of({ name, cache: config }: EndpointConfig): AnswerCache | undefined {
    if (config === undefined) return undefined;
    const known = this.#caches.get(name);
    const settings = JSON.stringify(config);
    if (known?.settings === settings) return known.cache;
    const cache = new AnswerCache(config);
    this.#caches.set(name, { settings, cache });
    this.#purging ??= setInterval(() => this.#purge(), limits.cachePurgeMs).unref();
    return cache;
  }

  /** Lets go of the caches of endpoints that have none any more. */
  keepOnly(endpoints: ReadonlyMap<string, EndpointConfig>): void {
    for (const name of this.#caches.keys())
      if (endpoints.get(name)?.cache === undefined) this.#caches.delete(name);
  }

  /** Lets go of all of them. */
  close(): void {
    clearInterval(this.#purging);
    this.#caches.clear();
  }

  #purge(): void {
    for (const { cache } of this.#caches.values()) cache.purgeStale();
  }

  /** What each holds, in bytes. */
  *bytes(): Iterable<readonly [endpoint: string, bytes: number]> {
    for (const [name, { cache }] of this.#caches) yield [name, cache.bytes];
  }
}
