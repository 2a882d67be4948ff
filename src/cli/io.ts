import type { Readable, Writable } from "node:stream";
import { asProblem, problem, reasonOf } from "../errors.ts";

/** Everything that a command reads from or writes to, handed in so that a command can run inside a test. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborts when the process is asked to end (SIGINT, SIGTERM): a command that stays up returns then. */
  readonly ended: AbortSignal;
  /**
   * Holds up the end of the process until the result is disposed of: by a command that stays up, for good; and while
   * several files are written that belong together. Whoever holds up nothing is ended by a signal at once.
   */
  readonly hold: () => Disposable;
}

/** Thrown by a command that has said all itself, to end with this exit status and no further word. */
export class Exit extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status}`);
    this.status = status;
  }
}

/** Writes one line of results to standard output. */
export function say(io: Io, line = ""): void {
  io.stdout.write(`${line}\n`);
}

/** Writes data for `--json`: one JSON document on standard output. */
export function sayJson(io: Io, data: unknown): void {
  say(io, JSON.stringify(data, null, 2));
}

/** Writes an error and its way out to standard error, and returns the exit status. */
export function sayError(io: Io, thrown: unknown): number {
  if (thrown instanceof Exit) return thrown.status;
  const error = asProblem(thrown);
  io.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`);
  return error.exit;
}

/** The exit status of a command whose output a full disk swallowed is 1, and no success; a reader that left changes nothing. */
export function statusWithOutput(io: Io, status: number): number {
  const lost: NodeJS.ErrnoException | null = io.stdout.errored;
  if (lost === null || lost.code === "EPIPE") return status;
  return sayError(io, problem("output_lost", { reason: reasonOf(lost) }));
}

/** A text of somebody else's, as a terminal may see it: with nothing that steers it, line ends aside. */
export const visible = (text: string): string => text.replaceAll(/(?!\n)\p{Cc}/gu, "?");

/** Lines up rows in columns, two spaces apart; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
