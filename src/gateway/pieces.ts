/** Smaller ones are copied together: as an object of its own, each takes some 200 bytes beside its content. */
const smallBytes = 4 * 1024;

/** How large a buffer grows that they are copied into. */
const gatheredBytes = 64 * 1024;

/**
 * The pieces of a message that is kept as it comes: large ones where they are, small ones together. Whoever sends single
 * bytes takes no more memory than about twice their number.
 */
export class Pieces {
  readonly #full: Buffer[] = [];
  #gathered = Buffer.alloc(0);
  #gatheredBytes = 0;
  /** How long all of them are. */
  bytes = 0;

  push(piece: Buffer): void {
    this.bytes += piece.length;
    if (piece.length >= smallBytes) {
      this.#seal();
      this.#full.push(piece);
      return;
    }
    if (this.#gatheredBytes + piece.length > this.#gathered.length) this.#grow();
    this.#gatheredBytes += piece.copy(this.#gathered, this.#gatheredBytes);
  }

  /** In their order; not one for each that was pushed. */
  get all(): readonly Buffer[] {
    return this.#gatheredBytes === 0 ? this.#full : [...this.#full, this.#present()];
  }

  /** Afterwards any small piece has room. */
  #grow(): void {
    if (this.#gathered.length === gatheredBytes) this.#seal();
    const present = this.#present();
    // Not from the pool, of which each of them would hold a part that is not theirs.
    this.#gathered = Buffer.allocUnsafeSlow(Math.max(smallBytes, 2 * this.#gathered.length));
    present.copy(this.#gathered);
  }

  #seal(): void {
    if (this.#gatheredBytes === 0) return;
    this.#full.push(this.#present());
    this.#gathered = Buffer.alloc(0);
    this.#gatheredBytes = 0;
  }

  #present(): Buffer {
    return this.#gathered.subarray(0, this.#gatheredBytes);
  }
}
