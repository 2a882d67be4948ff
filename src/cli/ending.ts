/** The end of a process that is asked for it: at once, or when the last has let go that holds it up. */
export class Ending {
  readonly #exit: (status: number) => void;
  #holders = 0;
  #status: number | undefined;

  /** `exit` ends the process with a status. */
  constructor(exit: (status: number) => void) {
    this.#exit = exit;
  }

  ask(status: number): void {
    this.#status = status;
    this.#endIfFree();
  }

  hold(): Disposable {
    this.#holders += 1;
    return {
      [Symbol.dispose]: () => {
        this.#holders -= 1;
        this.#endIfFree();
      },
    };
  }

  #endIfFree(): void {
    if (this.#holders === 0 && this.#status !== undefined) this.#exit(this.#status);
  }
}
