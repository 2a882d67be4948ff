import type { Config } from "../../config/config.ts";
import { PosternError, reasonOf } from "../../errors.ts";
import { loggedRecorder, type Recorder } from "../audit/audit.ts";
import { expiriesOf, type Expiry } from "./expiry.ts";
import { watchExpiries } from "./expiry-watch.ts";
import { pair } from "../pairing.ts";
import { renewIfDue } from "./renewal.ts";
import type { Vault } from "../vault.ts";

/** Where it is told; pino's logger is one. */
interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * What a gateway that runs does for its vault, in one of its processes: it records each value that it attaches, warns of
 * what expires, and renews what it was told to.
 */
export class Upkeep {
  readonly #vault: Vault;
  readonly #log: Log;
  #config: Config;
  #record: Recorder;
  /** When the value was changed that was recorded last, by endpoint and item. */
  #attached = new Map<string, number>();
  readonly #expiries: ReturnType<typeof watchExpiries>;

  constructor(config: Config, vault: Vault, log: Log) {
    this.#config = config;
    this.#vault = vault;
    this.#log = log;
    this.#record = this.#recorder();
    this.#recordAttached();
    this.#expiries = watchExpiries({
      items: () => vault.items(),
      now: () => new Date(),
      tell: (expiry) => this.#warnOf(expiry),
      look: () => this.#renew(),
    });
  }

  /** To be called when another configuration or another content of the vault is in force. */
  apply(config: Config): void {
    if (config !== this.#config) {
      this.#config = config;
      this.#record = this.#recorder();
    }
    this.#recordAttached();
    this.#expiries.again();
  }

  /** The items that have expired or soon will, for `/readyz`. */
  expiring(): readonly Pick<Expiry, "item" | "state" | "expires">[] {
    return expiriesOf(this.#vault.items(), new Date())
      .filter(({ state }) => state !== "later")
      .map(({ item, state, expires }) => ({ item, state, expires }));
  }

  stop(): void {
    this.#expiries.stop();
  }

  #recorder(): Recorder {
    return loggedRecorder(this.#config, "serve", this.#log);
  }

  /** Once for each value and endpoint, not for each request. An endpoint that refuses requests gets none. */
  #recordAttached(): void {
    const before = this.#attached;
    this.#attached = new Map();
    for (const endpoint of this.#config.endpoints.values()) {
      const findings = pair(endpoint, (name) => this.#vault.find(name), new Date());
      if (findings.some(({ level, error }) => level === "problem" && !isElsewhere(error))) continue;
      for (const item of endpoint.credentials) {
        const key = JSON.stringify([endpoint.name, endpoint.origin, item]);
        const changed = this.#vault.get(item).changed.getTime();
        this.#attached.set(key, changed);
        if (before.get(key) !== changed)
          this.#record({ action: "attach", item, endpoint: endpoint.name, about: endpoint.origin });
      }
    }
  }

  #warnOf({ item, state, expires, when }: Expiry): void {
    const fields = { item, expires: expires.toISOString() };
    this.#log.warn(fields, state === "expired" ? `"${item}" expired ${when}` : `"${item}" expires ${when}`);
  }

  /** What cannot be renewed is tried again at the next look: there is a third of its life left for it. */
  async #renew(): Promise<void> {
    for (const name of this.#config.renew) {
      try {
        const { item, renewed } = await renewIfDue(this.#vault, name, new Date());
        if (!renewed) continue;
        this.#record({ action: "renew", item: name });
        this.#log.info({ item: name, expires: item.expires?.toISOString() }, `"${name}" was renewed`);
      } catch (error) {
        const code = error instanceof PosternError ? error.code : "internal";
        this.#record({ action: "renew", item: name, error: code });
        this.#log.error({ item: name, code }, `"${name}" was not renewed: ${reasonOf(error)}`);
      }
    }
  }
}

/** A token that comes from a source is known where the requests are served, and asked for there. */
const isElsewhere = ({ code }: PosternError): boolean => code === "credential_unavailable";
