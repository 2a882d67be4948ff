import type { Socket } from "node:net";
import { type DestinationStream, pino } from "pino";
import { configFrom } from "../config/sources.ts";
import { problem } from "../errors.ts";
import type { Quota } from "../gateway/keys/quota.ts";
import type { Vault } from "../vault/vault.ts";
import { openVaultOf } from "./open-vault.ts";
import {
  type Beginning,
  type Handover,
  type Order,
  type OrderName,
  type Orders,
  passphraseDescriptor,
  type Wanted,
} from "./orders.ts";
import { ServingProcess } from "./serving-process.ts";

interface Work {
  readonly serving: ServingProcess;
  readonly vault: Vault;
}

/** What a worker does at each order of its primary. It watches no file: one reload is for all. */
export class OrderHandler {
  readonly #logTo: DestinationStream;
  readonly #quota: Quota;
  readonly #drained = new AbortController();
  #work: Promise<Work>;
  #serving: ServingProcess | undefined;
  /** What was ordered last. */
  #wanted: Wanted | undefined;

  constructor(logTo: DestinationStream, quota: Quota) {
    this.#logTo = logTo;
    this.#quota = quota;
    this.#work = Promise.reject(problem("internal", { reason: "a worker was asked before it began" }));
    this.#work.catch(() => {});
  }

  /** Carries out an order and returns its answer. Throws what stands in the way. */
  handle<N extends OrderName>({ name, about }: Order<N>): Promise<Orders[N]["answer"]> {
    const orders: { [K in OrderName]: (about: Orders[K]["about"]) => Promise<Orders[K]["answer"]> } = {
      begin: async (beginning) => {
        this.#work = this.#begin(beginning);
        await this.#work;
        return undefined;
      },
      apply: (wanted) => this.#apply(wanted),
      states: async () => (await this.#work).serving.states(),
      samples: async () => (await this.#work).serving.samples(),
      look: async (looking) => (await this.#work).serving.live.look(looking),
      latest: async () => (await this.#work).serving.live.latest(),
      history: async (endpoint) => (await this.#work).serving.live.counted(endpoint),
      stopRequest: async (id) => (await this.#work).serving.live.stop(id),
      stop: async () => {
        await (await this.#work).serving.stop(this.#drained.signal);
        return undefined;
      },
      hurry: async () => {
        this.#drained.abort();
        return undefined;
      },
    };
    return orders[name](about);
  }

  /** Serves a connection. One that comes when it cannot is closed. */
  receive(socket: Socket, { binding }: Handover): void {
    // It wants to end connections itself when a client has closed its side, as listenOn's do.
    socket.allowHalfOpen = true;
    if (this.#serving === undefined) socket.destroy();
    else this.#serving.receive(socket, binding);
  }

  async #apply(wanted: Wanted): Promise<undefined> {
    this.#wanted = wanted;
    const { serving, vault } = await this.#work;
    const read = vault.generation < wanted.vaultGeneration ? vault.refresh() : Promise.resolve();
    await read.catch(() => {});
    // What was ordered last: another order may have come meanwhile.
    const { sources } = this.#wanted;
    await Promise.all([serving.apply({ config: configFrom(sources) }), read]);
    return undefined;
  }

  async #begin({ number, first, sources, consoleDigest }: Beginning): Promise<Work> {
    const { env } = process;
    const { vault } = await openVaultOf(configFrom(first), { env }, { descriptor: passphraseDescriptor });
    const config = configFrom(sources);
    const log = pino(
      { level: config.logLevel, base: { worker: number }, timestamp: pino.stdTimeFunctions.isoTime },
      this.#logTo,
    );
    const serving = new ServingProcess({
      config,
      vault,
      log,
      logTo: this.#logTo,
      consoleDigest,
      quota: this.#quota,
    });
    await serving.begin();
    this.#serving = serving;
    return { serving, vault };
  }
}
