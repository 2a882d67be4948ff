import type { Socket } from "node:net";
import type { DestinationStream, Logger } from "pino";
import type { EndpointState, Live } from "../admin/sources.ts";
import type { PosternError } from "../errors.ts";
import { type Listener, listenOnEach } from "../gateway/local/listen.ts";
import { Metrics } from "../gateway/metrics/metrics.ts";
import { LocalQuota } from "../gateway/keys/quota.ts";
import type { Binding } from "../gateway/server.ts";
import type { Secret } from "../secret.ts";
import type { Vault } from "../vault/vault.ts";
import type { Checked, Cluster, WorkerCount } from "./cluster.ts";
import { WorkerPoolLive } from "./worker-pool-live.ts";
import type { OrderName, Orders } from "./orders.ts";
import { WorkerSlot } from "./worker-slot.ts";
import { merged } from "./samples.ts";

/** How many connections wait while there is no worker: as many as the system keeps for a listener. */
const mostKept = 511;

interface WorkerPoolOptions {
  readonly workers: number;
  readonly checked: Checked;
  readonly vault: Pick<Vault, "generation">;
  /** What the vault's identity is unlocked with, where it is encrypted. */
  readonly passphrase: Secret | undefined;
  readonly log: Logger;
  readonly logTo: DestinationStream;
  /** Of the key that the console's own requests bring. */
  readonly consoleDigest: string;
}

/**
 * Serves with several processes behind the same addresses. This process, their primary, accepts the connections and
 * hands them out in turn, and reads no byte of them. Left to the kernel, workers stay idle where clients keep few
 * connections alive; and node:cluster, which hands them out as well, loses those that are on their way to a worker
 * when it dies.
 */
export class WorkerPool implements Cluster {
  readonly #log: Logger;
  readonly #logTo: DestinationStream;
  readonly #first: Checked;
  readonly #slots: readonly WorkerSlot[];
  readonly #lost = new AbortController();
  /** Counts the reloads, which are this process's. */
  readonly #metrics = new Metrics(() => ({
    destinations: new Map(),
    byModel: new Map(),
    fallback: undefined,
    peekBytes: 0,
  }));
  readonly #quota = new LocalQuota(() => performance.now());
  readonly live: Live = new WorkerPoolLive((name, about) => this.#askAll(name, about));
  #listeners: readonly Listener[] = [];
  /** Connections that wait for a worker. */
  readonly #kept = new Map<Socket, Binding>();
  /** The number of the worker that got the last connection. */
  #last = 0;
  #checked: Checked;
  #stopping = false;

  constructor({ workers, checked, vault, passphrase, log, logTo, consoleDigest }: WorkerPoolOptions) {
    this.#log = log;
    this.#logTo = logTo;
    this.#first = checked;
    this.#checked = checked;
    this.#slots = Array.from(
      { length: workers },
      (_, index) =>
        new WorkerSlot({
          number: index + 1,
          log,
          passphrase,
          quota: this.#quota,
          write: (lines) => this.#write(index + 1, lines),
          returned: (socket, binding) => this.#give(socket, binding),
          beginning: () => ({
            first: this.#first.sources,
            sources: this.#checked.sources,
            consoleDigest,
          }),
          serves: () => this.#giveKept(),
          wanted: () => ({ sources: this.#checked.sources, vaultGeneration: vault.generation }),
          drainMs: () => this.#checked.config.drainMs,
          left: (reason) => this.#left(reason),
        }),
    );
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get workers(): WorkerCount {
    return {
      serving: this.#slots.filter(({ server }) => server !== undefined).length,
      wanted: this.#slots.length,
    };
  }

  async listen(bindings: readonly Binding[]): Promise<readonly string[]> {
    this.#listeners = await listenOnEach(
      bindings,
      (socket, binding) => this.#give(socket, binding),
      this.#log,
      true,
    );
    await Promise.all(this.#slots.map((slot) => slot.fill()));
    return this.#listeners.map(({ url }) => url);
  }

  async apply(checked: Checked): Promise<void> {
    this.#checked = checked;
    this.#quota.keep(new Set(checked.config.keys?.keys()));
    this.#log.level = checked.config.logLevel;
    await Promise.all(this.#slots.map((slot) => slot.apply()));
  }

  reloaded(ok: boolean): void {
    this.#metrics.reloaded(ok);
  }

  /** An endpoint is ready where all workers say so. */
  async states(): Promise<readonly EndpointState[]> {
    const states = new Map<string, EndpointState>();
    for (const told of await this.#askAll("states", undefined))
      for (const state of told)
        if (!state.ready || !states.has(state.endpoint)) states.set(state.endpoint, state);
    return [...states.values()];
  }

  async metrics(): Promise<{ readonly contentType: string; readonly text: string }> {
    const samples = await Promise.all(this.#slots.map((slot) => slot.samples()));
    const registry = await merged([await this.#metrics.values(), ...samples.flat()]);
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  async stop(over: AbortSignal): Promise<void> {
    this.#stopping = true;
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#kept.keys()) socket.destroy();
    await Promise.all(this.#slots.map((slot) => slot.stop(over)));
    await Promise.all(this.#listeners.map((listener) => listener.end()));
  }

  /** What the workers say, without those that say nothing. */
  async #askAll<N extends OrderName>(
    name: N,
    about: Orders[N]["about"],
  ): Promise<readonly Orders[N]["answer"][]> {
    const told = await Promise.all(this.#slots.map((slot) => slot.tell(name, about)));
    return told.filter((answer) => answer !== undefined);
  }

  /** Hands a connection to the next worker, or keeps it until there is one. */
  #give(socket: Socket, binding: Binding): void {
    const servers = this.#slots.flatMap(({ server }) => server ?? []);
    const least = Math.min(...servers.map(({ queue }) => queue));
    const free = servers.filter(({ queue }) => queue === least);
    const next = free.find(({ number }) => number > this.#last) ?? free[0];
    if (next !== undefined) {
      this.#last = next.number;
      next.give(socket, binding);
    } else if (this.#kept.size < mostKept && !this.#stopping) this.#kept.set(socket, binding);
    else socket.destroy();
  }

  #giveKept(): void {
    const kept = [...this.#kept];
    this.#kept.clear();
    for (const [socket, binding] of kept) this.#give(socket, binding);
  }

  #left(reason: PosternError): void {
    if (this.#slots.every((slot) => slot.empty)) this.#lost.abort(reason);
  }

  /** A worker's log is JSON; what else stands there, Node.js wrote when the worker failed. */
  #write(worker: number, lines: string): void {
    for (const line of lines.split(/(?<=\n)/))
      if (line.startsWith("{")) this.#logTo.write(line);
      else if (line.trim() !== "") this.#log.error({ worker, line: line.trimEnd() }, "a worker wrote this");
  }
}
