/** A histogram's counts, in cells of its own: a fraction of what a metrics library takes for the same. */
export class Distribution {
  readonly bounds: readonly number[];
  /** How many values stood in each bucket, and beyond the last bound. Not cumulative. */
  readonly counts: Float64Array;
  sum = 0;

  /** @param bounds the upper bounds of the buckets, ascending */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  /** Whether nothing was observed. */
  get empty(): boolean {
    return this.counts.every((count) => count === 0);
  }

  observe(value: number): void {
    const { bounds } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

/** Counts by a key, such as a status. Keys must come from a bounded set. */
export class Counts<Key> {
  readonly #cells = new Map<Key, { count: number }>();

  add(key: Key, count = 1): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) this.#cells.set(key, { count });
    else cell.count += count;
  }

  *[Symbol.iterator](): Iterator<readonly [key: Key, count: number]> {
    for (const [key, { count }] of this.#cells) yield [key, count];
  }
}

/** What is made for a key when it is first asked for, and kept. Keys must come from a bounded set. */
export class Kept<Key, Value> {
  readonly #values = new Map<Key, Value>();
  readonly #make: (key: Key) => Value;

  constructor(make: (key: Key) => Value) {
    this.#make = make;
  }

  of(key: Key): Value {
    let value = this.#values.get(key);
    if (value === undefined) {
      value = this.#make(key);
      this.#values.set(key, value);
    }
    return value;
  }

  [Symbol.iterator](): Iterator<[Key, Value]> {
    return this.#values[Symbol.iterator]();
  }
}
