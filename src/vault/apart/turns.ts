import { problem } from "../../errors.ts";

/** Does so many pieces of work at once, and has others wait for their turn, up to a bound. */
export class Turns {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Throws `imports_exhausted` where too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#most) this.#running += 1;
    else await this.#turn();
    try {
      return await work();
    } finally {
      // Whoever waits takes over the place: nobody who comes in between gets it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #turn(): Promise<void> {
    if (this.#waiting.length >= this.#mostWaiting)
      throw problem("imports_exhausted", { most: this.#most + this.#mostWaiting });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
