import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** How a program is started. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The file that gets all its output. */
  readonly log: string;
}

/** A program may take this long to end when it is asked to. */
const endWithinMs = 3_000;

/** A running program of the benchmark's own; it does not outlive this process. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #failure: Error | undefined;

  constructor({ file, args, env, log }: Command) {
    const output = openSync(log, "a", 0o600);
    this.#child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", output, output] });
    closeSync(output);
    const kill = (): void => void this.#child.kill("SIGKILL");
    process.once("exit", kill);
    this.#child.once("error", (error) => (this.#failure = error));
    this.#ended = once(this.#child, "close")
      .catch(() => {})
      .finally(() => process.off("exit", kill));
  }

  /** @throws Error when it has ended, or did not start */
  get pid(): number {
    const { pid, exitCode } = this.#child;
    if (this.#failure !== undefined) throw this.#failure;
    if (pid === undefined || exitCode !== null) throw new Error(`it ended with status ${exitCode}`);
    return pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    const late = new AbortController();
    await Promise.race([this.#ended, sleep(endWithinMs, undefined, late).catch(() => {})]);
    late.abort();
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
