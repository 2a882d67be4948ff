/** Buckets that each reach a fixed number of times as far as the one before: as precise for small values as for large ones. */
export class Scale {
  /** How many buckets there are; the last one has no upper bound. */
  readonly buckets: number;
  readonly #first: number;
  readonly #ratio: number;
  readonly #log: number;

  /**
   * @param first where the first bucket ends
   * @param last where the last but one ends, at least
   */
  constructor(first: number, last: number, ratio: number) {
    this.#first = first;
    this.#ratio = ratio;
    this.#log = Math.log(ratio);
    this.buckets = Math.ceil(Math.log(last / first) / this.#log) + 2;
  }

  bucketOf(value: number): number {
    if (value <= this.#first) return 0;
    return Math.min(Math.ceil(Math.log(value / this.#first) / this.#log), this.buckets - 1);
  }

  /**
   * The value below which the share `q` of what was counted lies, as near as the buckets tell: off by less than the
   * scale's ratio. Null when nothing was counted.
   */
  quantile(counts: Uint32Array, q: number): number | null {
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return null;
    let left = q * total;
    let bucket = 0;
    while (bucket < counts.length - 1 && left > (counts[bucket] ?? 0)) {
      left -= counts[bucket] ?? 0;
      bucket += 1;
    }
    const share = Math.min(1, left / (counts[bucket] ?? 1));
    return this.#first * this.#ratio ** (bucket - 1 + share);
  }
}
