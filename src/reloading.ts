import type { Logger } from "pino";
import { outcomeWords, type Reload, Reloads } from "./admin/reloads.ts";
import type { Checked, Cluster } from "./cluster/cluster.ts";
import { needingRestart } from "./cluster/restart-only.ts";
import { refuseWrongPairs, wrongPairs } from "./cluster/wrong-pairs.ts";
import type { Config } from "./config/config.ts";
import { isProblems } from "./config/load.ts";
import { findConfig } from "./config/sources.ts";
import { watchFiles } from "./config/watch.ts";
import type { editConfig, removeFromConfig } from "./config/write.ts";
import type { Code } from "./errors/catalogue.ts";
import { asProblem, PosternError, problem } from "./errors.ts";
import type { Vault } from "./vault/vault.ts";

/** The pause before what is not in force everywhere is tried again. */
const pauseMs = 500;

type What = Reload["what"];

type Serving = Pick<Cluster, "apply" | "reloaded" | "states">;

interface ReloadingOptions {
  readonly checked: Checked;
  readonly vault: Vault;
  readonly cluster: Serving;
  readonly log: Logger;
  /** Called when a configuration, or the vault as it is now, is put in force; `read` where the files were read anew. */
  readonly inForce: (config: Config, read: boolean) => Promise<void>;
}

/** A change that is on its way to all who serve. */
interface Underway {
  readonly what: What;
  /** Resolves when all of them have it. */
  readonly everywhere: Promise<void>;
  /** Why the vault could not be read: what it held last is in force. */
  readonly unread: PosternError | undefined;
}

/**
 * Keeps configuration and vault in force as they are now. Changes are put in force one after the other; none waits for
 * those who are slow to take over the one before. What fails for another reason than what the files say is tried again
 * by itself.
 */
export class Reloading {
  readonly reloads = new Reloads(new Date().toISOString());
  readonly #vault: Vault;
  readonly #cluster: Serving;
  readonly #log: Logger;
  readonly #inForce: ReloadingOptions["inForce"];
  #checked: Checked;
  /** Was read, and is not in force: the vault has not got what it names, or could not be read. */
  #waiting: Checked | undefined;
  /** The files could not be read, whatever they say. */
  #unreadable = false;
  #unwatchVault: () => void = () => {};
  #unwatchFiles: () => void = () => {};
  /** The change that is being put in force, or the last one. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Runs until the next try. */
  #pause: NodeJS.Timeout | undefined;
  /** The code of the problem that was told last. Further tries tell it no more. */
  #told: Code | undefined;
  #ended = false;

  constructor({ checked, vault, cluster, log, inForce }: ReloadingOptions) {
    this.#checked = checked;
    this.#vault = vault;
    this.#cluster = cluster;
    this.#log = log;
    this.#inForce = inForce;
  }

  /** The configuration in force. */
  get checked(): Checked {
    return this.#checked;
  }

  /** @param seen the files of the configuration, with their fingerprints as they were read */
  begin(seen: ReadonlyMap<string, string>): void {
    this.#watchFiles(seen);
    this.#unwatchVault = this.#vault.watch(
      () => void this.#change("vault", async () => undefined).catch(() => {}),
      (error) => this.#failed("vault", "refused", error, true),
    );
  }

  end(): void {
    this.#ended = true;
    this.#unwatchFiles();
    this.#unwatchVault();
    clearTimeout(this.#pause);
  }

  /** Reads configuration and vault again. Throws what is wrong with them, or stands in the way of a part. */
  reload(): Promise<void> {
    return this.#change("configuration", () => this.#readAll());
  }

  /** Changes the configuration file and puts it in force; what would then be refused is not written. */
  async edit(
    change: (text: string) => string,
    editing: typeof editConfig | typeof removeFromConfig,
  ): Promise<void> {
    const { file } = this.#checked.config;
    const edited = await this.#inTurn(async () => {
      await editing(file, change, async (config) => {
        if (isProblems(config)) throw problem("config_edit_refused", { file, problems: config });
        await this.#vault.refresh();
        refuseWrongPairs(config, this.#vault, new Date());
      });
      // In the same turn: the next edit is held against what this one has put in force.
      const begun = this.#begin("configuration", () => this.#readAll());
      await begun.catch(() => {});
      return { begun };
    });
    if (edited !== undefined) await this.#follow("configuration", edited.begun);
  }

  /**
   * @param read what is to be read first; returns why the vault could not be
   * @param again it was tried before: a problem that was told is not told again
   */
  #change(what: What, read: () => Promise<PosternError | undefined>, again = false): Promise<void> {
    const begun = this.#inTurn(() => this.#begin(what, read));
    return this.#follow(what, begun, again);
  }

  async #begin(what: What, read: () => Promise<PosternError | undefined>): Promise<Underway | undefined> {
    const unread = await read();
    return this.#ended ? undefined : this.#putInForce(what, unread);
  }

  /** Waits until a change is in force everywhere, and tells how it ended. Throws what stood in its way. */
  async #follow(what: What, begun: Promise<Underway | undefined>, again = false): Promise<void> {
    let underway: Underway | undefined;
    try {
      underway = await begun;
      await underway?.everywhere;
      if (underway?.unread !== undefined) throw underway.unread;
    } catch (error) {
      this.#failed(what, underway === undefined ? "refused" : "in part", asProblem(error), again);
      throw error;
    }
    if (underway !== undefined && !this.#ended) await this.#applied(underway.what);
  }

  /** One change after the other, so that what was read last is in force. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T | undefined> {
    const done = this.#turn.then(() => (this.#ended ? undefined : work()));
    this.#turn = done.catch(() => {});
    return done;
  }

  #watchFiles(seen: ReadonlyMap<string, string>): void {
    this.#unwatchFiles();
    this.#unwatchFiles = watchFiles(seen, () => void this.reload().catch(() => {}));
  }

  #readVault(): Promise<PosternError | undefined> {
    // What was to be tried again is tried now.
    clearTimeout(this.#pause);
    return this.#vault.refresh().then(() => undefined, asProblem);
  }

  async #readAll(): Promise<PosternError | undefined> {
    const { config, sources, seen } = await findConfig(this.#checked.config.file);
    if (this.#ended) return undefined;
    this.#watchFiles(seen);
    this.#waiting = undefined;
    this.#unreadable = config instanceof PosternError && config.code === "config_unreadable";
    if (config instanceof PosternError) throw config;
    this.#waiting = { config, sources };
    return this.#readVault();
  }

  /**
   * Puts in force what was read last, and the vault as it is now. Where the vault cannot be read, what it held last will
   * do for a configuration that names nothing else. Throws what stands in the way of all of it.
   */
  async #putInForce(what: What, unread: PosternError | undefined): Promise<Underway> {
    const waiting = this.#waiting;
    const now = new Date();
    const fits = waiting !== undefined && wrongPairs(waiting.config, this.#vault, now).length === 0;
    if (fits) this.#take(waiting);
    else if (unread !== undefined) throw unread;
    else if (waiting !== undefined && what === "configuration")
      refuseWrongPairs(waiting.config, this.#vault, now);
    const everywhere = this.#cluster.apply(this.#checked);
    // It is awaited when the turn is over.
    everywhere.catch(() => {});
    await this.#inForce(this.#checked.config, fits);
    return { what: fits ? "configuration" : what, everywhere, unread };
  }

  #take(read: Checked): void {
    if (needingRestart(read.config, this.#checked.config).length > 0)
      this.#log.warn(
        "listen and admin addresses, workers, vault and identity change only with a restart; the rest of the file is in force",
      );
    this.#checked = read;
    this.#waiting = undefined;
  }

  async #applied(what: What): Promise<void> {
    this.#told = undefined;
    this.#cluster.reloaded(true);
    this.reloads.add({ at: new Date().toISOString(), what, outcome: "applied" });
    this.#log.info({ what, vaultGeneration: this.#vault.generation }, "reloaded");
    await warnOfEndpoints(this.#cluster, this.#log);
  }

  #failed(
    what: What,
    outcome: "refused" | "in part",
    { code, message, hint }: PosternError,
    again = false,
  ): void {
    if (this.#ended) return;
    // What is wrong with the text of the files changes only with them, and they are watched.
    if (this.#unreadable || !code.startsWith("config_")) this.#tryAgain(what);
    if (again && code === this.#told) return;
    this.#told = code;
    this.#cluster.reloaded(false);
    this.reloads.add({ at: new Date().toISOString(), what, outcome, error: { code, message, hint } });
    this.#log.error({ what, code, message }, `reload ${outcomeWords[outcome]}`);
  }

  #tryAgain(what: What): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      const change = this.#unreadable
        ? this.#change("configuration", () => this.#readAll(), true)
        : this.#change(what, () => this.#readVault(), true);
      change.catch(() => {});
    }, pauseMs).unref();
  }
}

/** Tells the log which endpoints refuse requests, and why. */
export async function warnOfEndpoints(cluster: Pick<Cluster, "states">, log: Logger): Promise<void> {
  for (const { ready, ...state } of await cluster.states())
    if (!ready) log.warn(state, "endpoint refuses requests");
}
