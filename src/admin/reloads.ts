export const outcomeWords = {
  applied: "applied",
  "in part": "applied only in part",
  refused: "refused, the last good state stays in force",
} as const;

/** How one reload ended. */
export interface Reload {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What had changed. */
  readonly what: "configuration" | "vault";
  /**
   * "in part": some workers have not all of it yet, or the vault could not be read; it is tried again. When it was refused,
   * the last good state stays in force.
   */
  readonly outcome: keyof typeof outcomeWords;
  /** What stood in its way; absent where it was applied. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string };
}

/** So many are remembered. */
const most = 50;

/** The last reloads of a running gateway. */
export class Reloads {
  #all: readonly Reload[] = [];
  #since: string;

  /** @param startedAt when the first configuration was put in force */
  constructor(startedAt: string) {
    this.#since = startedAt;
  }

  /** The newest first. */
  get all(): readonly Reload[] {
    return this.#all;
  }

  /** When the configuration that is in force was put there. */
  get since(): string {
    return this.#since;
  }

  /** How the last one ended, in words. */
  get last(): string {
    const [last] = this.#all;
    if (last === undefined) return "none yet";
    const { at, what, outcome, error } = last;
    return error === undefined
      ? `${what} ${outcomeWords[outcome]} at ${at}`
      : `${what} ${outcomeWords[outcome]}, at ${at}: ${error.message}`;
  }

  add(reload: Reload): void {
    this.#all = [reload, ...this.#all].slice(0, most);
    if (reload.what === "configuration" && reload.outcome !== "refused") this.#since = reload.at;
  }
}
