/** Where each part of an answer ends: four bytes for each, for an answer can come byte by byte. */
export class PartEnds {
  static readonly eachBytes = Uint32Array.BYTES_PER_ELEMENT;
  #ends = new Uint32Array(16);
  #count = 0;

  push(end: number): void {
    if (this.#count === this.#ends.length) {
      const grown = new Uint32Array(2 * this.#count);
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#ends[this.#count] = end;
    this.#count += 1;
  }

  get all(): Uint32Array {
    return this.#ends.slice(0, this.#count);
  }
}
