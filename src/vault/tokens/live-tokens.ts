import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Recorder, unrecorded } from "../audit/audit.ts";
import type { Item } from "../item.ts";
import { LiveToken, type LiveTokenWatch } from "./live-token.ts";
import { sourceOf } from "./token-source.ts";

/** What is waited for sources that have not answered before: one of many must not hold up the others. */
const firstAnswerMs = 5000;

/** Where it is told; pino's logger is one. */
interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The tokens of a process that come from sources. */
export class LiveTokens {
  readonly #log: Log;
  readonly #changed: () => void;
  #tokens = new Map<string, LiveToken>();
  #record: Recorder = unrecorded;

  /** @param changed another value is in force: what was compiled with the one before is to be compiled anew */
  constructor(log: Log, changed: () => void) {
    this.#log = log;
    this.#changed = changed;
  }

  /** An item with its value as it is now; one without a source as it is. */
  current(item: Item | undefined): Item | undefined {
    return item && (this.#tokens.get(keyOf(item))?.current(Date.now()) ?? item);
  }

  /**
   * Keeps the tokens of these items fresh, and no others. All is to be compiled anew when it has been called: those that
   * are new have no value yet. Resolves when they have one, or a reason why not, or have taken their time.
   */
  async follow(items: readonly Item[], record: Recorder): Promise<void> {
    this.#record = record;
    const before = this.#tokens;
    const fresh: LiveToken[] = [];
    this.#tokens = new Map();
    for (const item of items) {
      const source = sourceOf(item);
      const key = keyOf(item);
      if (source === undefined || this.#tokens.has(key)) continue;
      const known = before.get(key);
      // An item that was renamed still has its source.
      const same = [...before.values()].find((token) => isDeepStrictEqual(sourceOf(token.item), source));
      const token = known ?? new LiveToken(item, source, this.#watch, same);
      this.#tokens.set(key, token);
      if (known === undefined) fresh.push(token);
    }
    for (const [key, token] of before) if (!this.#tokens.has(key)) token.stop();
    if (fresh.length === 0) return;
    const late = new AbortController();
    await Promise.race([
      Promise.all(fresh.map((token) => token.start())),
      setTimeout(firstAnswerMs, undefined, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
  }

  stop(): void {
    for (const token of this.#tokens.values()) token.stop();
    this.#tokens.clear();
  }

  readonly #watch: LiveTokenWatch = {
    changed: () => this.#changed(),
    refreshed: ({ name, facts }, after) => {
      // Looking at a file that is as it was is no use of it.
      if (after === "repetition" && "sourceFile" in facts) return;
      this.#record({ action: "refresh", item: name });
      this.#log.info({ item: name }, `"${name}" was refreshed from its source`);
    },
    failed: ({ name }, fault, usable) => {
      this.#record({ action: "refresh", item: name, error: "credential_unavailable" });
      const meanwhile = usable ? "its last token stays in use" : "endpoints that need it refuse requests";
      this.#log.warn({ item: name, reason: fault }, `"${name}" was not refreshed; ${meanwhile}`);
    },
    lapsed: ({ name }) =>
      this.#log.error({ item: name }, `"${name}" has lapsed; endpoints that need it refuse requests`),
  };
}

/** An item under another definition is another one. */
const keyOf = ({ name, changed, facts }: Item): string => JSON.stringify([name, changed, facts]);
