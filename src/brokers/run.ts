import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { constants } from "node:os";
import { type Readable, Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type PosternError, problem, reasonOf } from "../errors.ts";
import type { Secret } from "../secret.ts";
import type { Recorder } from "../vault/audit/audit.ts";
import { Mask } from "./run-mask.ts";

/** A program to run, and what it is given. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What is masked in its output; undefined lets it have the caller's own output, a terminal for example. */
  readonly masked: readonly Secret[] | undefined;
  /** The items that its environment came from. */
  readonly items: readonly string[];
}

/** A program that runs. */
export interface Running {
  /**
   * Its exit status, or 128 and the number of the signal that killed it, once all of its output is written. Rejects
   * with `program_unstartable`.
   */
  readonly ended: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end, and ends it if it has not after a while. */
  stop(): void;
}

/** How long a program may take to end after SIGTERM. */
const stopMs = 10_000;

/** Starts a program on the caller's standard input; its output goes to `stdout` and `stderr`. Records that the items are
 * used. Throws `program_unstartable` for what the system refuses at once. */
export function startProgram(
  { command, args, env, masked, items }: Launch,
  stdout: Writable,
  stderr: Writable,
  record: Recorder,
): Running {
  for (const item of items) record({ action: "run", item });
  const output = masked === undefined ? "inherit" : "pipe";
  const child = spawned(command, args, { env, stdio: ["inherit", output, output] });
  let killer: NodeJS.Timeout | undefined;
  const exited = new Promise<number>((resolve, reject) => {
    child.once("error", (error) => reject(unstartable(command, error)));
    // Where output was masked, it may still come from programs that this one has started.
    child.once(
      masked === undefined ? "exit" : "close",
      (code: number | null, signal: NodeJS.Signals | null) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
  child.once("exit", () => clearTimeout(killer));
  const written = Promise.all([masking(child.stdout, masked, stdout), masking(child.stderr, masked, stderr)]);
  return {
    ended: exited.then(async (status) => {
      await written;
      return status;
    }),
    signal: (signal) => void child.kill(signal),
    stop: () => {
      child.kill("SIGTERM");
      killer ??= setTimeout(() => child.kill("SIGKILL"), stopMs);
    },
  };
}

/** Some of what hinders a start is thrown, and the rest comes as an event: an environment that is too large is thrown. */
function spawned(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(command, args, options);
  } catch (error) {
    throw unstartable(command, error);
  }
}

async function masking(from: Readable | null, masked: readonly Secret[] = [], to: Writable): Promise<void> {
  if (from === null) return;
  const mask = new Mask(masked);
  const through = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, mask.push(chunk)),
    flush: (done) => done(null, mask.end()),
  });
  // A reader that has left closes the program's own output, too: it learns of it as it would in a pipe.
  await pipeline(from, through, to, { end: false }).catch(() => {});
}

function unstartable(command: string, error: unknown): PosternError {
  const reasons: Record<string, string> = {
    ENOENT: "there is no such program",
    E2BIG: "its arguments and its environment are larger than the system takes",
  };
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ""] ?? reasonOf(error);
  return problem("program_unstartable", { program: command, reason }, error);
}
