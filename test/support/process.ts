import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";

const root = join(import.meta.dirname, "../..");

/** How a program ended and what it wrote. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program of the test's own, with all that it writes. */
export class Program implements AsyncDisposable {
  readonly child: ChildProcess;
  stdout = "";
  stderr = "";
  readonly #ended: Promise<unknown>;

  constructor(
    file: string,
    args: readonly string[],
    options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ) {
    this.child = spawn(file, args, { ...options, env: { ...process.env, ...options.env }, stdio: "pipe" });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#ended = once(this.child, "close");
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("the program did not start");
    return this.child.pid;
  }

  /** Gives it this on standard input, and waits for its end. */
  async ended(stdin = ""): Promise<Ended> {
    this.child.stdin?.on("error", () => {}).end(stdin);
    await this.#ended;
    return { status: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** The first line that it writes to standard output; rejects with what it wrote when it ends before. */
  async firstLine(): Promise<string> {
    for (;;) {
      const end = this.stdout.indexOf("\n");
      if (end !== -1) return this.stdout.slice(0, end);
      if (this.child.exitCode !== null)
        throw new Error(`it ended with ${this.child.exitCode}: ${this.stderr}`);
      await Promise.race([once(this.child.stdout as Readable, "data"), this.#ended]);
    }
  }

  /** Asks it to end, waits for that, and returns how it ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Ended> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
  }
}

/** Starts `bin/postern` of this checkout. */
export const postern = (
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Program => new Program(join(root, "bin/postern"), args, options);

/** What `postern serve` says when it is ready. */
export interface Ready {
  readonly ready: true;
  readonly listen: readonly string[];
  readonly admin: string;
  readonly pid: number;
}

export const readyLine = async (program: Program): Promise<Ready> =>
  JSON.parse(await program.firstLine()) as Ready;
