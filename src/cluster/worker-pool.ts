import type { Socket } from "node:net";
import type { DestinationStream, Logger } from "pino";
import type { EndpointState, Live } from "../admin/sources.ts";
import { type PosternError, problem } from "../errors.ts";
import { type Listener, listenOnEach } from "../gateway/local/listen.ts";
import { Metrics } from "../gateway/metrics/metrics.ts";
import { LocalQuota } from "../gateway/keys/quota.ts";
import type { Doorway } from "../gateway/server.ts";
import type { Secret } from "../secret.ts";
import type { Checked, Crew, Strength } from "./crew.ts";
import { FleetLive } from "./fleet-live.ts";
import type { OrderName, Orders } from "./orders.ts";
import { Place } from "./place.ts";
import { merged } from "./samples.ts";

/** How many connections wait while there is no worker: as many as the system keeps for a listener. */
const mostKept = 511;

interface FleetOptions {
  readonly workers: number;
  readonly checked: Checked;
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
export class Fleet implements Crew {
  readonly #log: Logger;
  readonly #logTo: DestinationStream;
  readonly #first: Checked;
  readonly #places: readonly Place[];
  readonly #lost = new AbortController();
  /** Counts the reloads, which are this process's. */
  readonly #metrics = new Metrics(() => ({
    destinations: new Map(),
    byModel: new Map(),
    fallback: undefined,
    peekBytes: 0,
  }));
  readonly #quota = new LocalQuota(() => performance.now());
  readonly live: Live = new FleetLive((name, about) => this.#askAll(name, about));
  #listeners: readonly Listener[] = [];
  /** Connections that wait for a worker. */
  readonly #kept = new Map<Socket, Doorway>();
  /** The number of the worker that got the last connection. */
  #last = 0;
  #checked: Checked;
  #stopping = false;

  constructor({ workers, checked, passphrase, log, logTo, consoleDigest }: FleetOptions) {
    this.#log = log;
    this.#logTo = logTo;
    this.#first = checked;
    this.#checked = checked;
    this.#places = Array.from(
      { length: workers },
      (_, index) =>
        new Place({
          number: index + 1,
          log,
          passphrase,
          quota: this.#quota,
          write: (lines) => this.#write(index + 1, lines),
          returned: (socket, doorway) => this.#give(socket, doorway),
          beginning: () => ({
            first: this.#first.sources,
            sources: this.#checked.sources,
            consoleDigest,
          }),
          serves: () => this.#giveKept(),
          sources: () => this.#checked.sources,
          left: (reason) => this.#left(reason),
        }),
    );
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get strength(): Strength {
    return {
      serving: this.#places.filter(({ server }) => server !== undefined).length,
      wanted: this.#places.length,
    };
  }

  async listen(doorways: readonly Doorway[]): Promise<readonly string[]> {
    this.#listeners = await listenOnEach(
      doorways,
      (socket, doorway) => this.#give(socket, doorway),
      this.#log,
      true,
    );
    await Promise.all(this.#places.map((place) => place.fill()));
    return this.#listeners.map(({ url }) => url);
  }

  async apply(checked: Checked): Promise<void> {
    this.#checked = checked;
    this.#quota.keep(new Set(checked.config.keys?.keys()));
    this.#log.level = checked.config.logLevel;
    const answers = await Promise.all(this.#places.map((place) => place.apply()));
    const reasons = answers.filter((reason) => reason !== undefined);
    if (reasons.length === 0) return;
    const count = reasons.length;
    throw problem("worker_behind", { count, workers: this.#places.length, reason: reasons.join("; ") });
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
    const samples = await Promise.all(this.#places.map((place) => place.samples()));
    const registry = await merged([await this.#metrics.values(), ...samples.flat()]);
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  async stop(over: AbortSignal): Promise<void> {
    this.#stopping = true;
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#kept.keys()) socket.destroy();
    await Promise.all(this.#places.map((place) => place.stop(over)));
    await Promise.all(this.#listeners.map((listener) => listener.end()));
  }

  /** What the workers say, without those that say nothing. */
  async #askAll<N extends OrderName>(
    name: N,
    about: Orders[N]["about"],
  ): Promise<readonly Orders[N]["answer"][]> {
    const told = await Promise.all(this.#places.map((place) => place.tell(name, about)));
    return told.filter((answer) => answer !== undefined);
  }

  /** Hands a connection to the next worker, or keeps it until there is one. */
  #give(socket: Socket, doorway: Doorway): void {
    const servers = this.#places.flatMap(({ server }) => server ?? []);
    const least = Math.min(...servers.map(({ queue }) => queue));
    const free = servers.filter(({ queue }) => queue === least);
    const next = free.find(({ number }) => number > this.#last) ?? free[0];
    if (next !== undefined) {
      this.#last = next.number;
      next.give(socket, doorway);
    } else if (this.#kept.size < mostKept && !this.#stopping) this.#kept.set(socket, doorway);
    else socket.destroy();
  }

  #giveKept(): void {
    const kept = [...this.#kept];
    this.#kept.clear();
    for (const [socket, doorway] of kept) this.#give(socket, doorway);
  }

  #left(reason: PosternError): void {
    if (this.#places.every((place) => place.empty)) this.#lost.abort(reason);
  }

  /** A worker's log is JSON; what else stands there, Node.js wrote when the worker failed. */
  #write(worker: number, lines: string): void {
    for (const line of lines.split(/(?<=\n)/))
      if (line.startsWith("{")) this.#logTo.write(line);
      else if (line.trim() !== "") this.#log.error({ worker, line: line.trimEnd() }, "a worker wrote this");
  }
}
