import type { StoppedBy } from "../outcome.ts";
import type { RequestRecord } from "../record.ts";

/** Somebody who can end a request before its time. */
export interface Stopper {
  stop(by: StoppedBy): void;
}

/**
 * The requests in flight. In arrays and not in a Map: as entries come and go a Map moves to a new table every hundred
 * requests, and an old one that the garbage collector takes for old keeps what was in it alive, bodies and all.
 */
export class InFlight {
  readonly #records: (RequestRecord | undefined)[] = [];
  readonly #stoppers: (Stopper | undefined)[] = [];
  readonly #free: number[] = [];

  get count(): number {
    return this.#records.length - this.#free.length;
  }

  add(record: RequestRecord, stopper: Stopper): void {
    record.place ??= this.#free.pop() ?? this.#records.length;
    this.#records[record.place] = record;
    this.#stoppers[record.place] = stopper;
  }

  delete(record: RequestRecord): void {
    if (record.place === undefined) return;
    this.#records[record.place] = undefined;
    this.#stoppers[record.place] = undefined;
    this.#free.push(record.place);
    record.place = undefined;
  }

  /** Those that began last, the newest first, at most so many. */
  newest(most: number): RequestRecord[] {
    return this.#records
      .filter((record) => record !== undefined)
      .toSorted((a, b) => b.number - a.number)
      .slice(0, most);
  }

  /** Ends a request. Returns whether it was in flight. */
  stop(number: number): boolean {
    const place = this.#records.findIndex((record) => record?.number === number);
    this.#stoppers[place]?.stop("operator");
    return place >= 0;
  }

  stopAll(): void {
    for (const stopper of this.#stoppers) stopper?.stop("shutdown");
  }
}
