import { availableParallelism } from "node:os";
import { type DestinationStream, type Logger, pino } from "pino";
import { createAdmin } from "./admin/server.ts";
import type { Config } from "./config/config.ts";
import { findConfig } from "./config/sources.ts";
import { watchFiles } from "./config/watch.ts";
import type { Checked, Crew } from "./crew/crew.ts";
import { openVaultOf, refuseWrongPairs } from "./crew/foundation.ts";
import type { Fleet } from "./crew/fleet.ts";
import { Solo } from "./crew/solo.ts";
import { errorBody, PosternError, problem, reasonOf } from "./errors.ts";
import { askOf } from "./gateway/local/ask.ts";
import { guard } from "./gateway/local/guard.ts";
import { beginChecks, listenOn } from "./gateway/local/listen.ts";
import type { Doorway } from "./gateway/server.ts";
import { clearTheWay } from "./gateway/local/socket.ts";
import type { Unlocking } from "./vault/identity/passphrase.ts";
import { Upkeep } from "./vault/renewal/upkeep.ts";
import type { Vault } from "./vault/vault.ts";

export interface AppOptions {
  readonly configFile: string;
  /** Where the log goes: JSON lines. */
  readonly logTo: DestinationStream;
  /** What an identity that is encrypted is unlocked with; by default nobody is asked. */
  readonly unlocking?: Unlocking;
}

/** A gateway that serves. */
export interface RunningApp {
  /** Base URLs such as `http://127.0.0.1:8080`, or `unix:/path`. */
  readonly listen: readonly string[];
  readonly admin: string;
  /** Aborts, with an error as its reason, when all workers are gone for good; what is left to do is `stop`. */
  readonly lost: AbortSignal;
  /** Reads configuration and vault again; throws what is wrong with them, and keeps the last good state. */
  reload(): Promise<void>;
  /** Drains for a bounded time, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts everything that the configuration names, or nothing.
 *
 * @throws PosternError of the configuration, the vault, an address that cannot be bound, or a worker
 */
export async function startApp({
  configFile,
  logTo,
  unlocking = { env: process.env },
}: AppOptions): Promise<RunningApp> {
  const { config, sources, seen } = await findConfig(configFile);
  if (config instanceof PosternError) throw config;
  const { vault, passphrase } = await openVaultOf(config, unlocking);
  refuseWrongPairs(config, vault, new Date());
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, logTo);
  const checked = { config, sources };
  const workers = config.workers === "auto" ? availableParallelism() : config.workers;
  const crew =
    workers === 1
      ? new Solo(config, vault, log)
      : await fleetOf({ workers, checked, passphrase, log, logTo });
  const app = new App(checked, vault, log, crew);
  await app.start(seen);
  return app;
}

/** Its module is loaded here: a single process needs nothing of it. */
async function fleetOf(options: ConstructorParameters<typeof Fleet>[0]): Promise<Crew> {
  const { Fleet } = await import("./crew/fleet.ts");
  return new Fleet(options);
}

/** What reloads, answers the admin's questions and ends it all; the requests are its crew's. */
class App implements RunningApp {
  readonly #vault: Vault;
  readonly #log: Logger;
  readonly #crew: Crew;
  #checked: Checked;
  /** How the last reload ended, for `/readyz`. */
  #reload = "none yet";
  #ready = false;
  #closeAdmin: () => Promise<void> = async () => {};
  #unwatchVault: () => void = () => {};
  #unwatchFiles: () => void = () => {};
  #upkeep: Upkeep | undefined;
  #stopped: Promise<void> | undefined;
  /** The change that is under way, or the last one. */
  #turn: Promise<void> = Promise.resolve();
  listen: readonly string[] = [];
  admin = "";

  constructor(checked: Checked, vault: Vault, log: Logger, crew: Crew) {
    this.#checked = checked;
    this.#vault = vault;
    this.#log = log;
    this.#crew = crew;
  }

  get lost(): AbortSignal {
    return this.#crew.lost;
  }

  /** @param seen the files of the configuration, with their fingerprints as they were read */
  async start(seen: ReadonlyMap<string, string>): Promise<void> {
    const { config } = this.#checked;
    const doorways = doorwaysOf(config);
    try {
      for (const address of [config.admin, ...doorways.map((doorway) => doorway.address)])
        await clearTheWay(address);
      await this.#startAdmin();
      this.listen = await this.#crew.listen(doorways);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#watchFiles(seen);
    this.#unwatchVault = this.#vault.watch(
      () => void this.#inTurn(() => this.#applyVault()),
      (error) => this.#refused("vault", error),
    );
    this.#ready = true;
    this.#log.info({ listen: this.listen, admin: this.admin, endpoints: config.endpoints.size }, "ready");
    await this.#warnOfEndpoints();
    this.#upkeep = new Upkeep(config, this.#vault, this.#log);
  }

  reload(): Promise<void> {
    return this.#inTurn(() => this.#applyFiles());
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopOnce();
    return this.#stopped;
  }

  async #stopOnce(): Promise<void> {
    const served = this.#ready;
    this.#ready = false;
    this.#unwatchFiles();
    this.#unwatchVault();
    this.#upkeep?.stop();
    await this.#crew.stop();
    await this.#closeAdmin();
    if (served) this.#log.info("stopped");
  }

  /** One change after the other, so that what was read last is in force. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(() => (this.#stopped === undefined ? change() : undefined));
    this.#turn = done.catch(() => {});
    return done;
  }

  #watchFiles(seen: ReadonlyMap<string, string>): void {
    this.#unwatchFiles();
    this.#unwatchFiles = watchFiles(seen, () => void this.reload().catch(() => {}));
  }

  async #applyFiles(): Promise<void> {
    const { config, sources, seen } = await findConfig(this.#checked.config.file);
    if (this.#stopped !== undefined) return;
    this.#watchFiles(seen);
    try {
      await this.#vault.refresh();
      if (config instanceof PosternError) throw config;
      refuseWrongPairs(config, this.#vault, new Date());
      if (fixedOf(config) !== fixedOf(this.#checked.config))
        this.#log.warn(
          "listen and admin addresses, workers, vault and identity change only with a restart; the rest of the file is in force",
        );
      this.#checked = { config, sources };
      await this.#crew.apply(this.#checked);
    } catch (error) {
      this.#refused("configuration", error);
      throw error;
    }
    await this.#applied("configuration");
  }

  async #applyVault(): Promise<void> {
    try {
      await this.#crew.apply(this.#checked);
    } catch (error) {
      this.#refused("vault", error);
      return;
    }
    await this.#applied("vault");
  }

  async #applied(what: "vault" | "configuration"): Promise<void> {
    this.#crew.reloaded(true);
    this.#reload = `${what} applied at ${new Date().toISOString()}`;
    this.#log.info({ what, vaultGeneration: this.#vault.generation }, "reloaded");
    await this.#warnOfEndpoints();
    this.#upkeep?.apply(this.#checked.config);
  }

  #refused(what: "vault" | "configuration", error: unknown): void {
    const { code, message } =
      error instanceof PosternError ? error : { code: "internal", message: reasonOf(error) };
    const how =
      code === "worker_behind" ? "applied only in part" : "refused, the last good state stays in force";
    this.#crew.reloaded(false);
    this.#reload = `${what} ${how}, at ${new Date().toISOString()}: ${message}`;
    this.#log.error({ what, code, message }, `reload ${how}`);
  }

  async #warnOfEndpoints(): Promise<void> {
    for (const { ready, ...state } of await this.#crew.states())
      if (!ready) this.#log.warn(state, "endpoint refuses requests");
  }

  async #startAdmin(): Promise<void> {
    const admin = await createAdmin({
      guard: (req, target) =>
        guard(askOf(req, target), { unixSocket: "socket" in this.#checked.config.admin }),
      state: async () => ({
        ready: this.#ready && this.#crew.strength.serving > 0,
        reload: this.#reload,
        workers: this.#crew.strength,
        endpoints: await this.#crew.states(),
        expiring: this.#upkeep?.expiring() ?? [],
      }),
      metrics: () => this.#crew.metrics(),
      describe: (error) => {
        const known =
          error instanceof PosternError ? error : problem("internal", { reason: reasonOf(error) }, error);
        return { status: known.status, body: errorBody(known) };
      },
    });
    const { admin: address } = this.#checked.config;
    const listener = await listenOn(address, (socket) => admin.server.emit("connection", socket));
    this.admin = listener.url;
    beginChecks(admin.server);
    this.#closeAdmin = async () => {
      listener.close();
      await listener.end();
      await admin.close();
      admin.server.close(() => {});
    };
  }
}

/** The gateway's own listeners, then those of single endpoints. */
function doorwaysOf({ listen, endpoints }: Config): readonly Doorway[] {
  return [
    ...listen.map((address) => ({ address, endpoint: undefined })),
    ...[...endpoints.values()].flatMap(({ name, listen }) =>
      listen.map((address) => ({ address, endpoint: name })),
    ),
  ];
}

/** What a running gateway cannot change. */
const fixedOf = (config: Config): string =>
  JSON.stringify([config.admin, config.workers, config.vault, config.identity, doorwaysOf(config)]);
