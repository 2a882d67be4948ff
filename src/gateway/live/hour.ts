import type { Outcome } from "../outcome.ts";
import { type RequestRecord, tokensAfterFirst } from "../record.ts";
import type { Copies } from "./copies.ts";
import { Ended } from "./ended.ts";
import { Scale } from "./scale.ts";

/** What is counted as an error: an outcome that is none of `done`, or an answer that says so itself. */
export type Trouble = Exclude<Outcome, "done"> | "answer-4xx" | "answer-5xx";

const troublePlaces: Readonly<Record<Trouble, number>> = {
  "answer-4xx": 0,
  "answer-5xx": 1,
  "postern-request": 2,
  "postern-internal": 3,
  "client-request": 4,
  "client-connect": 5,
  "client-wait": 6,
  "client-stream": 7,
  "upstream-connect": 8,
  "upstream-wait": 9,
  "upstream-stream": 10,
  "timeout-request": 11,
  "timeout-connect": 12,
  "timeout-wait": 13,
  "timeout-stream": 14,
  "operator-connect": 15,
  "operator-wait": 16,
  "operator-stream": 17,
  "shutdown-request": 18,
  "shutdown-connect": 19,
  "shutdown-wait": 20,
  "shutdown-stream": 21,
};

/** Every trouble, in the order of its cell. */
export const troubles = Object.keys(troublePlaces) as readonly Trouble[];

/** To the first token, in milliseconds: from what a cached answer takes to what a deployment takes that wakes. */
export const firstTokenScale = new Scale(1, 600_000, 1.4);
export const tokensPerSecondScale = new Scale(1, 2_000, 1.4);

/** How long a bucket is. */
export const stepMs = 10_000;
/** How many buckets there are, with the one that is not over yet. */
export const steps = 360;

/** The cells of one bucket: requests, troubles, and the two distributions. */
export const cells = {
  requests: 0,
  troubles: 1,
  firstToken: 1 + troubles.length,
  tokensPerSecond: 1 + troubles.length + firstTokenScale.buckets,
  width: 1 + troubles.length + firstTokenScale.buckets + tokensPerSecondScale.buckets,
} as const;

/** The last hour of one endpoint in buckets: 120 kB, whatever comes. */
export class Hour {
  readonly #cells = new Uint32Array(steps * cells.width);
  /** Which step each bucket holds, counted from the epoch. */
  readonly #held = new Int32Array(steps);
  readonly #last: Ended;

  /** @param texts gives the names that clients chose */
  constructor(texts: Copies) {
    this.#last = new Ended(1, texts);
  }

  /** The last request that ended, if there was one. */
  get last(): readonly RequestRecord[] {
    return this.#last.newest(1);
  }

  count(record: RequestRecord, atMs: number): void {
    this.#last.add(record);
    const row = this.#rowAt(Math.floor(atMs / stepMs));
    this.#add(row + cells.requests);
    const trouble = troubleOf(record);
    if (trouble !== undefined) this.#add(row + cells.troubles + troublePlaces[trouble]);
    const { firstTokenMs, startedMs } = record;
    // What comes from the cache tells nothing of the endpoint.
    if (firstTokenMs === undefined || record.cache === "hit") return;
    this.#add(row + cells.firstToken + firstTokenScale.bucketOf(firstTokenMs - startedMs));
    const speed = tokensPerSecondOf(record);
    if (speed !== undefined) this.#add(row + cells.tokensPerSecond + tokensPerSecondScale.bucketOf(speed));
  }

  /** How many requests of the hour that ends with the step `last` there were, and how many of them went wrong. */
  totals(last: number): { readonly requests: number; readonly errors: number } {
    let requests = 0;
    let errors = 0;
    for (let bucket = 0; bucket < steps; bucket += 1) {
      if (!isWithin(this.#held[bucket], last)) continue;
      const row = bucket * cells.width;
      requests += this.#cells[row + cells.requests] ?? 0;
      for (let trouble = 0; trouble < troubles.length; trouble += 1)
        errors += this.#cells[row + cells.troubles + trouble] ?? 0;
    }
    return { requests, errors };
  }

  /** Adds its buckets of the hour that ends with the step `last` to `sum`, the oldest first. */
  addTo(sum: Uint32Array, last: number): void {
    for (let bucket = 0; bucket < steps; bucket += 1) {
      const step = this.#held[bucket] ?? 0;
      if (!isWithin(step, last)) continue;
      const from = bucket * cells.width;
      const to = (steps - 1 - (last - step)) * cells.width;
      for (let cell = 0; cell < cells.width; cell += 1)
        sum[to + cell] = (sum[to + cell] ?? 0) + (this.#cells[from + cell] ?? 0);
    }
  }

  /** Where the bucket of a step begins; it is emptied when it held another. */
  #rowAt(step: number): number {
    const bucket = step % steps;
    const row = bucket * cells.width;
    if (this.#held[bucket] !== step) {
      this.#held[bucket] = step;
      this.#cells.fill(0, row, row + cells.width);
    }
    return row;
  }

  #add(cell: number): void {
    this.#cells[cell] = (this.#cells[cell] ?? 0) + 1;
  }
}

const isWithin = (step = 0, last: number): boolean => step <= last && step > last - steps;

function troubleOf({ outcome = "postern-internal", status }: RequestRecord): Trouble | undefined {
  if (outcome !== "done") return outcome;
  if (status < 400) return undefined;
  return status < 500 ? "answer-4xx" : "answer-5xx";
}

/** The speed of a complete streamed answer behind its first token, where it can be told. */
export function tokensPerSecondOf(record: RequestRecord): number | undefined {
  const { endedMs, cache, outcome } = record;
  if (outcome !== "done" || cache === "hit" || endedMs === undefined) return undefined;
  const after = tokensAfterFirst(record, endedMs);
  return after && after.tokens / after.seconds;
}
