import type { Problem } from "./problem.ts";
import type { Reading } from "./reading.ts";
import { similar } from "./similar.ts";
import type { Path, Source } from "./source.ts";

/** Collects every problem of one pass, so that a person sees them all at once. */
export class Report {
  readonly #source: Source;
  readonly #problems: Problem[] = [];

  constructor(source: Source) {
    this.#source = source;
  }

  add(path: Path, message: string, wayOut: string): void {
    this.#problems.push(this.#source.at(path, message, wayOut));
  }

  /** A problem whose value is not shown, for it may be a secret. */
  addHidden(path: Path, message: string, wayOut: string): void {
    this.#problems.push(this.#source.atHidden(path, message, wayOut));
  }

  /** The value that was read at `path`; or, with a problem noted, undefined. */
  take<T>(path: Path, reading: Reading<T>): T | undefined {
    if ("value" in reading) return reading.value;
    if (reading.hidden === true) this.addHidden(path, reading.wrong, reading.wayOut);
    else this.add(path, reading.wrong, reading.wayOut);
    return undefined;
  }

  /** Notes that the map at `path` lacks a key which it needs, unless one was misspelt: that is a problem already. */
  requires(path: Path, key: string, example: string): void {
    if (this.#source.keysAt(path).some((present) => similar(present, [key]) !== undefined)) return;
    this.add([...path, key], `the key "${key}" is missing`, `write it as in ${key}: ${example}`);
  }

  /** These problems and all that were noted, in the order of the file. */
  with(others: readonly Problem[]): readonly Problem[] {
    return [...others, ...this.#problems].toSorted((a, b) => a.line - b.line || a.column - b.column);
  }
}
