import type { LocalKeyConfig } from "../config/config.ts";
import type { Denied, Granted, Quota } from "../gateway/keys/quota.ts";

// What local keys use is counted once for all workers, by their primary: a limit does not grow with the workers.

type Key = Pick<LocalKeyConfig, "name" | "limits">;

/** A worker asks whether a key may be used once more, or says what it has used. */
export type Use =
  | { readonly enter: number; readonly key: Key }
  | { readonly leave: number; readonly tokens: number };

/** The answer to the former. */
export interface Verdict {
  readonly entered: number;
  readonly denied: Denied | undefined;
}

/** The worker's end. */
export class SharedQuota implements Quota {
  readonly #send: (use: Use) => void;
  readonly #waiting = new Map<number, (verdict: Verdict) => void>();
  #entered = 0;

  constructor(send: (use: Use) => void) {
    this.#send = send;
  }

  enter({ name, limits }: Key): Granted | Promise<Granted | Denied> {
    // Nothing to count.
    if (Object.values(limits).every((limit) => limit === undefined)) return { leave: () => {} };
    const id = (this.#entered += 1);
    return new Promise((resolve) => {
      this.#waiting.set(id, ({ denied }) =>
        resolve(denied ?? { leave: (tokens) => this.#send({ leave: id, tokens }) }),
      );
      this.#send({ enter: id, key: { name, limits } });
    });
  }

  hear(verdict: Verdict): void {
    this.#waiting.get(verdict.entered)?.(verdict);
    this.#waiting.delete(verdict.entered);
  }

  /** The primary forgets for all. */
  keep(): void {}
}

/** The primary's end, for one worker: what that one has begun counts as ended when it is gone. */
export class Ledger {
  readonly #quota: Quota;
  readonly #send: (verdict: Verdict) => void;
  readonly #granted = new Map<number, Granted>();

  constructor(quota: Quota, send: (verdict: Verdict) => void) {
    this.#quota = quota;
    this.#send = send;
  }

  async hear(use: Use): Promise<void> {
    if ("leave" in use) {
      this.#granted.get(use.leave)?.leave(use.tokens);
      this.#granted.delete(use.leave);
      return;
    }
    const answer = await this.#quota.enter(use.key);
    const denied = "limit" in answer ? answer : undefined;
    if ("leave" in answer) this.#granted.set(use.enter, answer);
    this.#send({ entered: use.enter, denied });
  }

  close(): void {
    for (const { leave } of this.#granted.values()) leave(0);
    this.#granted.clear();
  }
}
