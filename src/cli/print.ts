import { styleText } from "node:util";
import type { Io } from "./io.ts";

const margin = "  ";
const labelWidth = 11;

/** Lays out what a person reads in a terminal while something happens: labelled facts, and words as they arrive. */
export class Print {
  readonly #io: Io;
  readonly #width: number;
  /** Where the next word goes; 0 before the first one of a line. */
  #column = 0;

  constructor(io: Io) {
    this.#io = io;
    // A terminal that does not know its size says 0.
    this.#width = Math.max(Math.min(io.stdout.columns || 80, 80), 40) - 2 * margin.length;
  }

  title(text: string, more: string): void {
    this.#line(`\n${margin}${this.#paint("bold", text)}  ${this.#paint("dim", more)}\n`);
  }

  /** Something that is so: a mark, a label and a sentence. */
  fact(label: string, text: string): void {
    this.#line(`${margin}${this.#paint("green", "✓")} ${label.padEnd(labelWidth)}${text}`);
  }

  /** What belongs to the fact above, on as many lines as it takes. */
  detail(text: string): void {
    const indent = `${margin}  ${" ".repeat(labelWidth)}`;
    const room = this.#width + 2 * margin.length - indent.length;
    for (const line of text.match(new RegExp(`\\S.{0,${room - 1}}(?!\\S)|\\S+`, "g")) ?? [])
      this.#line(indent + this.#paint("dim", line));
  }

  /** A line to copy, with room around it. */
  command(text: string): void {
    this.#line(`${margin}${text}\n`);
  }

  /** A label, and where something is. */
  place(label: string, text: string): void {
    this.#line(`${margin}${this.#paint("dim", label.padEnd(labelWidth))}${text}`);
  }

  question(text: string): void {
    this.#line(`\n${margin}${this.#paint("cyan", "›")} ${this.#paint("bold", text)}\n`);
  }

  /** Writes a piece of text at once, and begins a new line where a word would not fit. */
  words(text: string): void {
    for (const part of text.split(/(?= )/)) {
      const word = part.trimStart();
      if (word === "") continue;
      const fits = this.#column > 0 && this.#column + 1 + word.length <= this.#width;
      const gap = fits ? (part === word ? "" : " ") : `${this.#column > 0 ? "\n" : ""}${margin}${margin}`;
      this.#io.stdout.write(gap + word);
      this.#column = (fits ? this.#column + 1 : 0) + word.length;
    }
  }

  endOfWords(): void {
    this.#column = 0;
    this.#line("\n");
  }

  blank(): void {
    this.#line("");
  }

  #line(text: string): void {
    this.#io.stdout.write(`${text}\n`);
  }

  /** Colour only where a person looks at it, and has not asked for none (no-color.org). */
  #paint(format: "bold" | "dim" | "green" | "cyan", text: string): string {
    const { stdout, env } = this.#io;
    const plain = stdout.isTTY !== true || (env["NO_COLOR"] ?? "") !== "";
    return plain ? text : styleText(format, text, { validateStream: false });
  }
}
