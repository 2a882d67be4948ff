import { catalogue, type Code } from "../errors/catalogue.ts";
import type { PosternError } from "../errors.ts";
import { type Io, say } from "./io.ts";

/** One thing that `check` or `doctor` looked at, and how it is. */
export interface Line {
  readonly level: "ok" | "note" | "warning" | "missing" | "problem";
  /** What was looked at: "vault", "endpoint private-2". */
  readonly subject: string;
  readonly text: string;
  readonly wayOut?: string;
  readonly code?: Code;
}

/** The line for an error that was met at `subject`. */
export function lineOf(subject: string, error: PosternError, level: Line["level"] = "problem"): Line {
  return { level, subject, text: error.message, wayOut: error.hint, code: error.code };
}

/** The exit status that the gravest of the lines asks for. */
export function statusOf(lines: readonly Line[]): 0 | 1 | 2 {
  const bad = lines.filter(({ level }) => level === "problem" || level === "missing");
  if (bad.length === 0) return 0;
  return bad.some(({ code }) => code !== undefined && catalogue[code].exit === 2) ? 2 : 1;
}

/** Writes the lines in columns, each way out below its line. */
export function sayLines(io: Io, lines: readonly Line[]): void {
  const wide = (pick: (line: Line) => string): number =>
    Math.max(0, ...lines.map((line) => pick(line).length));
  const levels = wide(({ level }) => level);
  const subjects = wide(({ subject }) => subject);
  const margin = " ".repeat(levels + subjects + 4);
  for (const { level, subject, text, wayOut } of lines) {
    say(io, `${level.padEnd(levels)}  ${subject.padEnd(subjects)}  ${text.replaceAll("\n", `\n${margin}`)}`);
    if (wayOut !== undefined) say(io, `${margin}→ ${wayOut}`);
  }
}
