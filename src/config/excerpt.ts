import { LineCounter } from "yaml";
import type { Problem } from "./problem.ts";

/** A part of the text, as offsets from its beginning. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The text by lines, and what a problem shows of one of them. */
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

  /** A problem at this span; with `hideRest`, nothing but the key there is shown of its line. */
  at(span: Span, path: Problem["path"], message: string, wayOut: string, hideRest = false): Problem {
    const { line, col } = span.start === 0 ? { line: 1, col: 1 } : this.lines.linePos(span.start);
    const start = span.start - (col - 1);
    const end = this.#content.indexOf("\n", start);
    const whole = this.#content.slice(start, end === -1 ? undefined : end).replace(/\r$/, "");
    const column = col - 1;
    const width = Math.max(1, Math.min(span.end - span.start, whole.length - column));
    const seen = hideRest ? hidden(whole, column, width) : whole;
    // A long line is shown from shortly before the place on. One column stays one column, so that the carets fit.
    const from = Math.max(0, column - 60);
    return {
      file: this.file,
      line,
      column: col,
      path,
      key: printable(pathText(path)),
      message: printable(message),
      shown: printable(seen.slice(from, from + 110)),
      carets: " ".repeat(column - from) + "^".repeat(Math.min(width, 110 - (column - from))),
      wayOut: printable(wayOut),
    };
  }
}

/** The path as a person writes it: `endpoints.private-2.models[0]`. */
function pathText(path: Problem["path"]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : text === "" ? step : `${text}.${step}`),
    "",
  );
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
