import { problem } from "../../errors.ts";
import { digestOf, randomText } from "./digest.ts";

/** Time enough for a browser to start. */
const lifetimeMs = 2 * 60_000;

/** Links that nobody followed, and those that were: kept to say what is wrong with them. The oldest go first. */
const mostKept = 64;

/** Links that open the console once. */
export class Links {
  readonly #now: () => number;
  /** By the digest of its code, in hexadecimal digits. */
  readonly #kept = new Map<string, { readonly until: number; used: boolean }>();

  /** @param now the time in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes the code of a new link, and tells until when it opens the console. */
  make(): { readonly code: string; readonly expires: Date } {
    const code = randomText();
    const until = this.#now() + lifetimeMs;
    this.#kept.set(nameOf(code), { until, used: false });
    for (const name of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(name);
    }
    return { code, expires: new Date(until) };
  }

  /** Takes a code, once. Throws `link_unknown`, `link_used` or `link_expired`. */
  use(code: string): void {
    const link = this.#kept.get(nameOf(code));
    if (link === undefined) throw problem("link_unknown", undefined);
    if (link.used) throw problem("link_used", undefined);
    if (this.#now() >= link.until) throw problem("link_expired", undefined);
    link.used = true;
  }

  clear(): void {
    this.#kept.clear();
  }
}

/** Looking it up betrays nothing of the code: its digest cannot be steered. */
const nameOf = (code: string): string => digestOf(code).toString("hex");
