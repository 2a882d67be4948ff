import type { Socket } from "node:net";
import type { DestinationStream, Logger } from "pino";
import type { EndpointState } from "../admin/sources.ts";
import type { Config } from "../config/config.ts";
import { AnswerCaches } from "../gateway/cache/cache.ts";
import { type Destination, type Directory, directoryOf } from "../gateway/directory.ts";
import { systemAuthorities } from "../gateway/upstream/dial.ts";
import { Traffic } from "../gateway/live/traffic.ts";
import { Metrics } from "../gateway/metrics/metrics.ts";
import { Probing } from "../gateway/upstream/probing.ts";
import { LocalQuota, type Quota } from "../gateway/keys/quota.ts";
import { type Rules, rulesOf } from "../gateway/keys/rules.ts";
import { type Binding, Gateway } from "../gateway/server.ts";
import { Upstream } from "../gateway/upstream/upstream.ts";
import { loggedRecorder, type Recorder, unrecorded } from "../vault/audit/audit.ts";
import { LiveTokens } from "../vault/tokens/live-tokens.ts";
import type { Vault } from "../vault/vault.ts";
import type { Checked, Cluster } from "./cluster.ts";
import { KeyUses } from "./key-uses.ts";
import type { Samples } from "./samples.ts";
import { ServingProcessLive } from "./serving-process-live.ts";

export interface ServingProcessOptions {
  readonly config: Config;
  readonly vault: Vault;
  readonly log: Logger;
  /** Where `log` writes. */
  readonly logTo: DestinationStream;
  /** Of the key that the console's own requests bring. */
  readonly consoleDigest: string;
  /** What the local keys may use, where several processes share it; by default it is counted here. */
  readonly quota?: Quota;
}

/** Serves in this process. */
export class ServingProcess implements Cluster {
  readonly workers = { serving: 1, wanted: 1 };
  /** This process is lost only as a whole. */
  readonly lost = new AbortController().signal;
  readonly #vault: Vault;
  readonly #log: Logger;
  readonly #gateway: Gateway;
  readonly #caches = new AnswerCaches();
  readonly #metrics = new Metrics(
    () => this.#directory,
    () => this.#caches.bytes(),
  );
  readonly #traffic = new Traffic();
  readonly live = new ServingProcessLive(this.#traffic);
  readonly #probing: Probing;
  readonly #quota: Quota;
  readonly #tokens: LiveTokens;
  readonly #keyUses = new KeyUses();
  #record: Recorder = unrecorded;
  readonly #consoleDigest: string;
  #config: Config;
  #directory: Directory;
  #rules: Rules;
  #authorities: readonly string[] | undefined;
  #stopped = false;

  constructor({ config, vault, log, logTo, consoleDigest, quota }: ServingProcessOptions) {
    this.#quota = quota ?? new LocalQuota(() => performance.now());
    this.#vault = vault;
    this.#log = log;
    this.#consoleDigest = consoleDigest;
    this.#config = config;
    this.#tokens = new LiveTokens(log, () => this.#compileAgain());
    this.#directory = this.#compile(undefined);
    this.#probing = new Probing(log);
    this.#rules = rulesOf(config, consoleDigest);
    this.#gateway = new Gateway({
      directory: () => this.#directory,
      rules: () => this.#rules,
      quota: this.#quota,
      metrics: this.#metrics,
      caches: this.#caches,
      traffic: this.#traffic,
      used: (key, upstream) => this.#keyUses.record(key, upstream, this.#record),
      log,
      logTo,
    });
  }

  async listen(bindings: readonly Binding[]): Promise<readonly string[]> {
    await this.#prepare();
    return this.#gateway.listen(bindings);
  }

  /** Gets ready for connections that another process accepts, in place of `listen`. */
  async begin(): Promise<void> {
    await this.#prepare();
    this.#gateway.begin();
  }

  /** Serves a connection that another process has accepted. */
  receive(socket: Socket, binding: Binding): void {
    this.#gateway.receive(socket, binding);
  }

  async apply({ config }: Pick<Checked, "config">): Promise<void> {
    // A change that comes with the end would have token sources asked that nobody stops any more.
    if (this.#stopped) return;
    this.#config = config;
    this.#rules = rulesOf(config, this.#consoleDigest);
    this.#caches.keepOnly(config.endpoints);
    this.#traffic.keepOnly(config.endpoints);
    this.#quota.keep(new Set(config.keys?.keys()));
    this.#log.level = config.logLevel;
    const answered = this.#followTokens();
    this.#compileAgain();
    await answered;
  }

  reloaded(ok: boolean): void {
    this.#metrics.reloaded(ok);
  }

  async states(): Promise<readonly EndpointState[]> {
    return [...this.#directory.destinations.values()].map(stateOf);
  }

  metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    return this.#metrics.exposition();
  }

  /** All metrics as data, to be merged with others'. */
  samples(): Promise<Samples> {
    return this.#metrics.values();
  }

  async stop(over: AbortSignal): Promise<void> {
    this.#stopped = true;
    this.#probing.stop();
    this.#tokens.stop();
    await this.#gateway.stop(over);
    this.#caches.close();
    for (const { way } of this.#directory.destinations.values()) if (way instanceof Upstream) way.close();
  }

  async #prepare(): Promise<void> {
    await this.#followTokens();
    this.#compileAgain();
  }

  /** Keeps the tokens that endpoints take from sources fresh, and has those asked that were not before. */
  #followTokens(): Promise<void> {
    const config = this.#config;
    const names = new Set([...config.endpoints.values()].flatMap(({ credentials }) => credentials));
    const items = this.#vault.items().filter(({ name }) => names.has(name));
    this.#record = loggedRecorder(config, "serve", this.#log);
    return this.#tokens.follow(items, this.#record);
  }

  #compileAgain(): void {
    this.#directory = this.#compile(this.#directory);
    this.#probing.follow(this.#directory);
  }

  #compile(before: Directory | undefined): Directory {
    return directoryOf(
      this.#config,
      (name) => this.#tokens.current(this.#vault.find(name)),
      new Date(),
      () => (this.#authorities ??= systemAuthorities()),
      before,
    );
  }
}

function stateOf({ endpoint, way }: Destination): EndpointState {
  if (way instanceof Upstream) return { endpoint: endpoint.name, ready: true };
  return { endpoint: endpoint.name, ready: false, code: way.code, message: way.message };
}
