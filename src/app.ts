import { availableParallelism } from "node:os";
import { type DestinationStream, type Logger, pino } from "pino";
import { findAdminToken } from "./admin/access/token.ts";
import { type Admin, createAdmin } from "./admin/server.ts";
import { adminSourcesOf } from "./admin-sources.ts";
import type { Config } from "./config/config.ts";
import { digestOf } from "./config/local-keys.ts";
import { makeKey } from "./config/new-key.ts";
import { findConfig } from "./config/sources.ts";
import { editConfig, removeFromConfig } from "./config/write.ts";
import type { Checked, Cluster } from "./cluster/cluster.ts";
import { bindingsOf, needingRestart } from "./cluster/restart-only.ts";
import { openVaultOf } from "./cluster/open-vault.ts";
import { refuseWrongPairs } from "./cluster/wrong-pairs.ts";
import type { WorkerPool } from "./cluster/worker-pool.ts";
import { ServingProcess } from "./cluster/serving-process.ts";
import { PosternError, problem } from "./errors.ts";
import { Clients } from "./gateway/local/clients.ts";
import { handTo } from "./gateway/local/linger.ts";
import { beginChecks, listenOn } from "./gateway/local/listen.ts";
import { clearTheWay } from "./gateway/local/socket.ts";
import { Reloading, warnOfEndpoints } from "./reloading.ts";
import type { Secret } from "./secret.ts";
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
  /** Reads configuration and vault again; throws what is wrong with them, or what keeps a part from being in force. */
  reload(): Promise<void>;
  /** Lets what is in flight go on for as long as the configuration says, breaks off the rest, and closes everything. */
  stop(): Promise<void>;
  /** A stop waits no longer for what is in flight. */
  hurry(): void;
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
  const consoleKey = makeKey();
  const consoleDigest = digestOf(consoleKey.expose());
  const workers = config.workers === "auto" ? availableParallelism() : config.workers;
  const cluster =
    workers === 1
      ? new ServingProcess({ config, vault, log, logTo, consoleDigest })
      : await poolOf({ workers, checked, vault, passphrase, log, logTo, consoleDigest });
  const app = new App(checked, vault, log, cluster, consoleKey);
  await app.start(seen);
  return app;
}

/** Its module is loaded here: a single process needs nothing of it. */
async function poolOf(options: ConstructorParameters<typeof WorkerPool>[0]): Promise<Cluster> {
  const { WorkerPool } = await import("./cluster/worker-pool.ts");
  return new WorkerPool(options);
}

/** What starts it, answers the admin's questions and ends it all; the requests are its cluster's. */
class App implements RunningApp {
  readonly #vault: Vault;
  readonly #log: Logger;
  readonly #cluster: Cluster;
  readonly #consoleKey: Secret;
  /** What it was started with. */
  readonly #first: Config;
  readonly #reloading: Reloading;
  #ready = false;
  #admin: Admin | undefined;
  #adminToken: Secret | PosternError = problem("stopping", undefined);
  #closeAdmin: () => Promise<void> = async () => {};
  #upkeep: Upkeep | undefined;
  readonly #drained = new AbortController();
  #stopped: Promise<void> | undefined;
  listen: readonly string[] = [];
  admin = "";

  constructor(checked: Checked, vault: Vault, log: Logger, cluster: Cluster, consoleKey: Secret) {
    this.#first = checked.config;
    this.#vault = vault;
    this.#log = log;
    this.#cluster = cluster;
    this.#consoleKey = consoleKey;
    const inForce = async (config: Config, read: boolean): Promise<void> => {
      if (read) await this.#findAdminToken();
      this.#upkeep?.apply(config);
    };
    this.#reloading = new Reloading({ checked, vault, cluster, log, inForce });
  }

  get lost(): AbortSignal {
    return this.#cluster.lost;
  }

  get #config(): Config {
    return this.#reloading.checked.config;
  }

  /** @param seen the files of the configuration, with their fingerprints as they were read */
  async start(seen: ReadonlyMap<string, string>): Promise<void> {
    const config = this.#config;
    const bindings = bindingsOf(config);
    try {
      for (const address of [config.admin, ...bindings.map((binding) => binding.address)])
        await clearTheWay(address);
      await this.#startAdmin();
      this.listen = await this.#cluster.listen(bindings);
      await this.#findAdminToken();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#reloading.begin(seen);
    this.#ready = true;
    this.#log.info({ listen: this.listen, admin: this.admin, endpoints: config.endpoints.size }, "ready");
    await warnOfEndpoints(this.#cluster, this.#log);
    this.#upkeep = new Upkeep(this.#config, this.#vault, this.#log);
  }

  reload(): Promise<void> {
    return this.#reloading.reload();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopOnce();
    return this.#stopped;
  }

  hurry(): void {
    this.#drained.abort();
  }

  async #stopOnce(): Promise<void> {
    const served = this.#ready;
    this.#ready = false;
    this.#reloading.end();
    this.#upkeep?.stop();
    // Somebody who watches in the console must not hold up the end.
    this.#admin?.quiet();
    const { drainMs } = this.#config;
    const timer = drainMs === Infinity ? undefined : setTimeout(() => this.hurry(), drainMs);
    await this.#cluster.stop(this.#drained.signal);
    clearTimeout(timer);
    await this.#closeAdmin();
    if (served) this.#log.info("stopped");
  }

  /** Without one the gateway serves, and only the console and the API are closed. */
  async #findAdminToken(): Promise<void> {
    const { adminToken, vault } = this.#config;
    this.#adminToken = await findAdminToken(adminToken, vault);
    if (!(this.#adminToken instanceof PosternError)) return;
    const { code, message } = this.#adminToken;
    this.#log.warn({ code, message }, "nobody can use the console and the API");
  }

  async #startAdmin(): Promise<void> {
    const sources = adminSourcesOf({
      vault: this.#vault,
      cluster: this.#cluster,
      log: this.#log,
      reloads: this.#reloading.reloads,
      consoleKey: this.#consoleKey,
      checked: () => this.#reloading.checked,
      ready: () => this.#ready,
      listen: () => this.listen,
      expiring: () => this.#upkeep?.expiring() ?? [],
      adminUrl: () => this.admin,
      token: () => this.#adminToken,
      needsRestart: () => needingRestart(this.#first, this.#config),
      reload: () => this.reload(),
      edit: (change) => this.#reloading.edit(change, editConfig),
      remove: (change) => this.#reloading.edit(change, removeFromConfig),
    });
    const admin = await createAdmin(sources);
    const { admin: address } = this.#config;
    const clients = new Clients();
    const listener = await listenOn(address, (socket) => {
      const { connections } = this.#config.limits;
      if (clients.admit(socket, () => admin.idleSinceMs(socket), connections)) handTo(admin.server, socket);
    });
    this.#admin = admin;
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
