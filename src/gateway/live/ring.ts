/** The newest of what was added, up to a fixed number. */
export class Ring<T> {
  readonly #slots: (T | undefined)[];
  /** How many were ever added. */
  added = 0;

  constructor(size: number) {
    this.#slots = Array.from({ length: size });
  }

  add(value: T): void {
    this.#slots[this.added % this.#slots.length] = value;
    this.added += 1;
  }

  /** The newest first, at most so many. */
  newest(most: number): T[] {
    const found: T[] = [];
    const { length } = this.#slots;
    for (let at = this.added - 1; at >= Math.max(0, this.added - Math.min(most, length)); at -= 1) {
      const value = this.#slots[at % length];
      if (value !== undefined) found.push(value);
    }
    return found;
  }
}
