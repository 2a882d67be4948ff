/** How many times longer than a drawing took the pause behind it is: most of the time is the reader's. */
const rest = 3;

/**
 * Draws what keeps changing at most once for each frame of the screen, and less often where one drawing takes long. The
 * page stays quick however fast an answer comes, and however long it is.
 */
export class Pace {
  readonly #draw: () => void;
  #asked = false;
  #busy = false;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  /** There is something new. */
  ask(): void {
    this.#asked = true;
    if (this.#busy) return;
    this.#busy = true;
    requestAnimationFrame(() => {
      const began = performance.now();
      this.now();
      // By then the page has been drawn.
      setTimeout(() => setTimeout(() => this.#rested(), (performance.now() - began) * rest));
    });
  }

  /** Draws at once what was asked for. */
  now(): void {
    if (!this.#asked) return;
    this.#asked = false;
    this.#draw();
  }

  #rested(): void {
    this.#busy = false;
    if (this.#asked) this.ask();
  }
}
