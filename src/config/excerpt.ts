import { LineCounter } from "yaml";

/** A part of the text, as offsets from its beginning. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The text by lines, and the form in which a problem shows one of them. */
export class Text {
  readonly file: string;
  readonly lines = new LineCounter();
  readonly #content: string;

  constructor(content: string, file: string) {
    this.#content = content;
    this.file = file;
  }

  oneLine(span: Span): boolean {
    return !this.#content.slice(span.start, span.end).trimEnd().includes("\n");
  }

  /** `file:line:column: key: message`, the line with carets under the span, and the way out. */
  at(span: Span, key: string, message: string, wayOut: string, hideRest = false): string {
    const { line, col } = span.start === 0 ? { line: 1, col: 1 } : this.lines.linePos(span.start);
    const start = span.start - (col - 1);
    const end = this.#content.indexOf("\n", start);
    const whole = this.#content.slice(start, end === -1 ? undefined : end).replace(/\r$/, "");
    const column = col - 1;
    const width = Math.max(1, Math.min(span.end - span.start, whole.length - column));
    const seen = hideRest ? hidden(whole, column, width) : whole;
    // A long line is shown from shortly before the place on. One column stays one column, so that the carets fit.
    const from = Math.max(0, column - 60);
    const shown = printable(seen.slice(from, from + 110));
    const number = String(line).padStart(5);
    const carets = " ".repeat(column - from) + "^".repeat(Math.min(width, 110 - (column - from)));
    return [
      `${this.file}:${line}:${col}: ${printable(key === "" ? message : `${key}: ${message}`)}`,
      `${number} | ${shown}`.trimEnd(),
      `      | ${carets}`,
      `      = ${printable(wayOut)}`,
    ].join("\n");
  }
}

/** Control characters would move the cursor or colour the terminal of whoever reads the problem. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, " ");
}

/** The line with everything that is neither indentation, dash, nor the key at `column` replaced. */
function hidden(line: string, column: number, width: number): string {
  const before = line.slice(0, column);
  const key = line.slice(column, column + width);
  const isKey = /^\s*:/.test(line.slice(column + width));
  const lead = /^[\s-]*$/.test(before) ? before : before.replaceAll(/\S/g, "·");
  return isKey ? `${lead}${key}: …` : `${lead}${"·".repeat(width)}`;
}

/** A problem as `Text.at` writes it, taken apart. */
export interface ProblemParts {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The line, or the part of it around the place, with what must not be seen hidden. */
  readonly shown: string;
  readonly wayOut: string;
}

/** Takes a problem apart that `Text.at` wrote for a place of `file`. */
export function partsOf(file: string, problem: string): ProblemParts {
  const [head = "", line = "", , wayOut = ""] = problem.slice(file.length + 1).split("\n");
  const [, row, column, message = head] = /^(\d+):(\d+): (.*)$/s.exec(head) ?? [];
  return {
    line: Number(row ?? 1),
    column: Number(column ?? 1),
    message,
    shown: line.slice(line.indexOf("|") + 2),
    wayOut: wayOut.replace(/^ *= /, ""),
  };
}

/** Problems as `Text.at` writes them, sorted by the line and column that they begin with. */
export function inFileOrder(file: string, problems: readonly string[]): readonly string[] {
  const place = (problem: string): number => {
    const [line = 0, column = 0] = problem
      .slice(file.length + 1)
      .split(":", 2)
      .map(Number);
    return line * 1e7 + column;
  };
  return problems.toSorted((a, b) => place(a) - place(b));
}
