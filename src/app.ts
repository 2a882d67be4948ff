import { type DestinationStream, type Logger, pino } from "pino";
import { createAdmin, type EndpointState } from "./admin/server.ts";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load.ts";
import { fingerprint, watchFile } from "./config/watch.ts";
import { errorBody, PosternError, problem, reasonOf } from "./errors.ts";
import { type Destination, type Directory, directoryOf } from "./gateway/directory.ts";
import { systemAuthorities } from "./gateway/dial.ts";
import { askOf } from "./gateway/ask.ts";
import { guard } from "./gateway/guard.ts";
import { limits } from "./gateway/limits.ts";
import { beginChecks, listenOn } from "./gateway/listen.ts";
import { createMetrics } from "./gateway/metrics.ts";
import { type Doorway, Gateway } from "./gateway/server.ts";
import { Upstream } from "./gateway/upstream.ts";
import { pair } from "./vault/pairing.ts";
import { openVault, type Vault } from "./vault/vault.ts";

export interface AppOptions {
  readonly configFile: string;
  /** Where the log goes: JSON lines. */
  readonly logTo: DestinationStream;
}

/** A gateway that serves. */
export interface RunningApp {
  /** Base URLs such as `http://127.0.0.1:8080`, or `unix:/path`. */
  readonly listen: readonly string[];
  readonly admin: string;
  /** Reads configuration and vault again; throws what is wrong with them, and keeps the last good state. */
  reload(): Promise<void>;
  /** Drains for a bounded time, then closes everything. */
  stop(): Promise<void>;
}

/**
 * Reads the configuration and holds it against the vault: an endpoint whose item is not there, or of the wrong kind,
 * is a mistake of the configuration, found before the first request.
 *
 * @throws PosternError config_missing, config_unreadable, config_invalid
 */
function refuseWrongPairs(config: Config, vault: Vault, now: Date): void {
  const problems: string[] = [];
  for (const endpoint of config.endpoints.values())
    for (const { level, error } of pair(endpoint, (name) => vault.find(name), now))
      if (
        level === "problem" &&
        (error.code === "credential_missing" || error.code === "credential_mismatch")
      )
        problems.push(config.at(["endpoints", endpoint.name, "credentials"], error.message, error.hint));
  if (problems.length > 0) throw problem("config_invalid", { file: config.file, problems });
}

/**
 * Starts everything that the configuration names, or nothing.
 *
 * @throws PosternError of the configuration, the vault, or an address that cannot be bound
 */
export async function startApp({ configFile, logTo }: AppOptions): Promise<RunningApp> {
  const read = fingerprint(configFile);
  const config = await loadConfig(configFile);
  const vault = await openVault({ file: config.vault, identity: config.identity });
  refuseWrongPairs(config, vault, new Date());
  const log = pino({ level: config.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, logTo);
  const app = new App(config, vault, log);
  await app.start(read);
  return app;
}

class App implements RunningApp {
  readonly #vault: Vault;
  readonly #log: Logger;
  readonly #gateway: Gateway;
  readonly #metrics = createMetrics(() => this.#directory);
  #config: Config;
  #directory: Directory;
  #authorities: readonly string[] | undefined;
  /** How the last reload ended, for `/readyz`. */
  #reload = "none yet";
  #ready = false;
  #closeAdmin: () => Promise<void> = async () => {};
  #unwatch: (() => void)[] = [];
  #stopped: Promise<void> | undefined;
  /** The reload that is under way, or the last one. */
  #reloading: Promise<void> = Promise.resolve();
  listen: readonly string[] = [];
  admin = "";

  constructor(config: Config, vault: Vault, log: Logger) {
    this.#config = config;
    this.#vault = vault;
    this.#log = log;
    this.#directory = this.#compile(undefined);
    this.#gateway = new Gateway({
      directory: () => this.#directory,
      metrics: this.#metrics,
      log,
    });
  }

  /** @param read the fingerprint of the configuration file as it was read */
  async start(read: string): Promise<void> {
    const { listen, endpoints, file } = this.#config;
    const own =
      (endpoint: string | undefined) =>
      (address: Doorway["address"]): Doorway => ({ address, endpoint });
    try {
      await this.#startAdmin();
      this.listen = await this.#gateway.listen([
        ...listen.map(own(undefined)),
        ...[...endpoints.values()].flatMap((endpoint) => endpoint.listen.map(own(endpoint.name))),
      ]);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#unwatch = [
      watchFile(file, read, () => void this.reload().catch(() => {})),
      this.#vault.watch(
        () => this.#recompile("vault"),
        (error) => this.#refused("vault", error),
      ),
    ];
    this.#ready = true;
    this.#log.info({ listen: this.listen, admin: this.admin, endpoints: endpoints.size }, "ready");
    this.#warnOfEndpoints();
  }

  /** One after the other, so that the file that was read last is the one in force. */
  reload(): Promise<void> {
    const reload = this.#reloading.then(() => this.#reloadOnce());
    this.#reloading = reload.catch(() => {});
    return reload;
  }

  async #reloadOnce(): Promise<void> {
    if (this.#stopped !== undefined) return;
    try {
      await this.#vault.refresh();
      const config = await loadConfig(this.#config.file);
      refuseWrongPairs(config, this.#vault, new Date());
      if (addressesOf(config) !== addressesOf(this.#config))
        this.#log.warn(
          "listen and admin addresses change only with a restart; the rest of the file is in force",
        );
      this.#config = config;
    } catch (error) {
      this.#refused("configuration", error);
      throw error;
    }
    this.#recompile("configuration");
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stopOnce();
    return this.#stopped;
  }

  async #stopOnce(): Promise<void> {
    const served = this.#ready;
    this.#ready = false;
    for (const unwatch of this.#unwatch) unwatch();
    await this.#gateway.stop(limits.drainMs);
    for (const { way } of this.#directory.destinations.values()) if (way instanceof Upstream) way.close();
    await this.#closeAdmin();
    if (served) this.#log.info("stopped");
  }

  #systemAuthorities(): readonly string[] {
    this.#authorities ??= systemAuthorities();
    return this.#authorities;
  }

  #compile(before: Directory | undefined): Directory {
    return directoryOf(
      this.#config,
      (name) => this.#vault.find(name),
      new Date(),
      () => this.#systemAuthorities(),
      before,
    );
  }

  #recompile(what: "vault" | "configuration"): void {
    this.#directory = this.#compile(this.#directory);
    this.#metrics.reloaded(true);
    this.#reload = `${what} applied at ${new Date().toISOString()}`;
    this.#log.info({ what, vaultGeneration: this.#vault.generation }, "reloaded");
    this.#warnOfEndpoints();
  }

  #refused(what: "vault" | "configuration", error: unknown): void {
    const known = error instanceof PosternError;
    const message = known ? error.message : reasonOf(error);
    this.#metrics.reloaded(false);
    this.#reload = `${what} refused at ${new Date().toISOString()}, the last good one stays in force: ${message}`;
    this.#log.error(
      { what, code: known ? error.code : "internal", message },
      "reload refused; the last good state stays in force",
    );
  }

  #warnOfEndpoints(): void {
    for (const { endpoint, way } of this.#directory.destinations.values())
      if (way instanceof PosternError)
        this.#log.warn(
          { endpoint: endpoint.name, code: way.code, message: way.message },
          "endpoint refuses requests",
        );
  }

  async #startAdmin(): Promise<void> {
    const admin = await createAdmin({
      guard: (req, target) => guard(askOf(req, target), "socket" in this.#config.admin),
      state: () => ({
        ready: this.#ready,
        reload: this.#reload,
        endpoints: [...this.#directory.destinations.values()].map(stateOf),
      }),
      metrics: async () => ({
        contentType: this.#metrics.registry.contentType,
        text: await this.#metrics.registry.metrics(),
      }),
      describe: (error) => {
        const known =
          error instanceof PosternError ? error : problem("internal", { reason: reasonOf(error) }, error);
        return { status: known.status, body: errorBody(known) };
      },
    });
    const listener = await listenOn(this.#config.admin, (socket) => admin.server.emit("connection", socket));
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

function stateOf({ endpoint, way }: Destination): EndpointState {
  if (way instanceof Upstream) return { endpoint: endpoint.name, ready: true };
  return { endpoint: endpoint.name, ready: false, code: way.code, message: way.message };
}

const addressesOf = (config: Config): string =>
  JSON.stringify([
    config.listen,
    config.admin,
    [...config.endpoints.values()].map(({ name, listen }) => [name, listen]),
  ]);
