import { PosternError } from "../errors.ts";
import type { Launch, Running } from "./run.ts";

/** Where a program's environment comes from, and what is done with it. */
export interface Source {
  /** The program as it would be started now. Throws where the vault does not give what it needs. */
  readonly launch: () => Launch;
  readonly start: (launch: Launch) => Running;
  /** Calls `changed` when `launch` may return another one. Returns what ends it. Undefined: nothing is watched. */
  readonly watch: ((changed: () => void) => () => void) | undefined;
  /** A change has come: the names of the variables that differ. */
  readonly restarting: (names: readonly string[]) => void;
  /** A change has come that cannot be used; the program goes on with what it has. */
  readonly failed: (error: PosternError) => void;
}

/** A program, and its successors with a newer environment. */
export class Supervised {
  readonly #source: Source;
  #launch: Launch;
  #running: Running | undefined;
  /** Whether a newer environment waits for the running program's end. */
  #restart = false;
  /** The caller was told to end, and passed that on: then nothing is started any more. */
  #ending = false;

  constructor(first: Launch, source: Source) {
    this.#launch = first;
    this.#source = source;
  }

  /**
   * The caller got a signal: it is passed on, unless the program has it already. One that asks for the end is not
   * answered with a restart.
   */
  signal(signal: NodeJS.Signals, passOn: boolean): void {
    if (signal === "SIGTERM" || this.#restart) this.#ending = true;
    if (passOn) this.#running?.signal(signal);
  }

  /** Starts the program, and returns the exit status of the last one. Rejects where one cannot be started. */
  async run(): Promise<number> {
    this.#running = this.#source.start(this.#launch);
    const unwatch = this.#source.watch?.(() => this.#changed());
    try {
      for (;;) {
        const status = await this.#running.ended;
        if (!this.#restart || this.#ending) return status;
        this.#restart = false;
        this.#running = this.#source.start(this.#launch);
      }
    } finally {
      unwatch?.();
    }
  }

  #changed(): void {
    try {
      const launch = this.#source.launch();
      const names = differing(this.#launch.env, launch.env);
      if (names.length === 0) return;
      this.#launch = launch;
      this.#restart = true;
      this.#source.restarting(names);
      this.#running?.stop();
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      this.#source.failed(error);
    }
  }
}

const differing = (
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  );
