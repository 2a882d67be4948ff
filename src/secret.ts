import { timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

const redacted = "[redacted]";

/**
 * A secret value that prints as `[redacted]` in strings, JSON and inspection.
 * Reading it is one call, `expose()`, so that every reader can be found by searching for that word.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it at the last moment, and keep the result in no longer-lived place. */
  expose(): string {
    return this.#value;
  }

  /**
   * The first 4 characters and asterisks, as the platform's vault page shows a value. A short value shows nothing, nor
   * does one that begins with anything but visible ASCII: a terminal could obey it.
   */
  mask(): string {
    const [shown] = this.#value.length < 12 ? [] : (/^[\x21-\x7e]{4}/.exec(this.#value) ?? []);
    return `${shown ?? ""}********`;
  }

  /** Compares in a time that does not depend on where the values differ. */
  equals(other: Secret): boolean {
    const a = Buffer.from(this.#value);
    const b = Buffer.from(other.#value);
    return a.length === b.length && timingSafeEqual(a, b);
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
