import { LRUCache } from "lru-cache";
import type { CacheConfig, EndpointConfig } from "../../config/config.ts";
import { isIndifferent } from "./cache-key.ts";
import { contentOf, joined } from "../upstream/chunks.ts";
import { limits } from "../limits.ts";
import { fieldTokens, fieldValues } from "../message.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/** A complete answer, with the parts in which its body came. */
export interface Answer {
  readonly head: ResponseHead;
  readonly body: Buffer;
  /** Where each part of the body ends. */
  readonly ends: readonly number[];
  readonly rawTrailers: readonly string[];
  /** By the cache's clock. */
  readonly storedMs: number;
}

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

  constructor({ sizeBytes, ttlMs }: Omit<CacheConfig, "shared">, clock: Clock = performance) {
    this.#clock = clock;
    this.#answers = new LRUCache({
      maxSize: sizeBytes,
      maxEntrySize: Math.min(limits.cachedAnswerBytes, sizeBytes),
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

  /** What an answer is to be told to as it comes, to be kept when it is complete and may be. */
  record(key: string): Recording {
    return new Recording((answer) => this.#answers.set(key, { ...answer, storedMs: this.#clock.now() }));
  }
}

/** Listens to one answer as it comes. Without `end` nothing is kept: what was broken off is no answer. */
export class Recording {
  readonly #keep: (answer: Omit<Answer, "storedMs">) => void;
  #head: ResponseHead | undefined;
  #parts: Buffer[] = [];
  #ends: number[] = [];
  #bytes = 0;

  constructor(keep: (answer: Omit<Answer, "storedMs">) => void) {
    this.#keep = keep;
  }

  head(head: ResponseHead): void {
    if (mayBeKept(head)) this.#head = head;
  }

  data(part: Buffer): void {
    if (this.#head === undefined || part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > limits.cachedAnswerBytes) return this.#giveUp();
    this.#parts.push(part);
    this.#ends.push(this.#bytes);
  }

  /** Takes whole chunks in their framing; each is a part. */
  framed(chunks: Buffer): void {
    if (this.#head !== undefined) for (const part of contentOf(chunks)) this.data(part);
  }

  end(rawTrailers: readonly string[]): void {
    if (this.#head === undefined) return;
    // A copy, so that the buffers that the answer was read into are not held.
    const body = joined(this.#parts);
    if (!tellsFailure(body)) this.#keep({ head: this.#head, body, ends: this.#ends, rawTrailers });
    this.#giveUp();
  }

  #giveUp(): void {
    this.#head = undefined;
    this.#parts = [];
    this.#ends = [];
  }
}

/**
 * Whether an answer with this head may be given again. `no-cache` is not asked for: servers write it on every stream of
 * events. An answer that varies with a header that is no part of the key is not kept, nor one that ends with its
 * connection: nobody can tell whether that was broken off.
 */
function mayBeKept({ status, rawHeaders }: ResponseHead): boolean {
  const forbidden = fieldTokens(rawHeaders, "cache-control").some(
    (directive) => directive === "no-store" || directive.split("=", 1)[0] === "private",
  );
  const varies = fieldTokens(rawHeaders, "vary").some((name) => name === "*" || isIndifferent(name));
  const has = (name: string): boolean => fieldValues(rawHeaders, name).length > 0;
  const endIsTold = has("content-length") || has("transfer-encoding");
  return status === 200 && endIsTold && !forbidden && !varies && !has("set-cookie");
}

/**
 * Servers tell of an error within a stream too, whose status was 200 long before. In the text of a model the quotes
 * would be escaped.
 */
const failures = ['{"error":', '"type":"error"', "event: error", '"type":"response.failed"'];

const tellsFailure = (body: Buffer): boolean => failures.some((words) => body.includes(words));

/** What an answer takes in memory, roughly. */
function sizeOf({ head, body, ends, rawTrailers }: Answer): number {
  const text = [...head.rawHeaders, ...rawTrailers].reduce((sum, value) => sum + value.length + 16, 0);
  return body.length + ends.length * 8 + text + 512;
}

/** The caches of the endpoints that have one. One whose settings have changed begins empty. */
export class AnswerCaches {
  readonly #caches = new Map<string, { readonly settings: string; readonly cache: AnswerCache }>();

  of({ name, cache: config }: EndpointConfig): AnswerCache | undefined {
    if (config === undefined) return undefined;
    const known = this.#caches.get(name);
    const settings = JSON.stringify(config);
    if (known?.settings === settings) return known.cache;
    const cache = new AnswerCache(config);
    this.#caches.set(name, { settings, cache });
    return cache;
  }

  /** Lets go of the caches of endpoints that have none any more. */
  keepOnly(endpoints: ReadonlyMap<string, EndpointConfig>): void {
    for (const name of this.#caches.keys())
      if (endpoints.get(name)?.cache === undefined) this.#caches.delete(name);
  }

  /** What each holds, in bytes. */
  *bytes(): Iterable<readonly [endpoint: string, bytes: number]> {
    for (const [name, { cache }] of this.#caches) yield [name, cache.bytes];
  }
}
