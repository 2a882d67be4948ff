import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { type PosternError, problem } from "../errors.ts";
import { entryFile } from "../installation.ts";
import type { Quota } from "../gateway/keys/quota.ts";
import type { Binding } from "../gateway/server.ts";
import type { Secret } from "../secret.ts";
import {
  type Answer,
  type Handover,
  heard,
  type Order,
  type OrderName,
  type Orders,
  passphraseDescriptor,
  type Taken,
  up,
} from "./orders.ts";
import { Ledger, type Use, type Verdict } from "./shared-quota.ts";

/** How long a worker whose drain is over may take to end: the parting from its clients is a part of it. */
const endMs = 8_000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface WorkerProcessOptions {
  readonly number: number;
  /** What the vault's identity is unlocked with; it goes through a pipe of its own, not among the orders. */
  readonly passphrase: Secret | undefined;
  /** What local keys use, of all workers. */
  readonly quota: Quota;
  /** Takes what it writes to its log, as whole lines. */
  readonly write: (lines: string) => void;
  /** Takes back a connection that has not reached it. */
  readonly returned: (socket: Socket, binding: Binding) => void;
}

/** An option of Node.js: a signal that comes before the worker listens for it opens no inspector either. */
const deafness = "--disable-sigusr1";

function start(): ChildProcess {
  return fork(entryFile("worker"), {
    execArgv: [...process.execArgv.filter((option) => option !== deafness), deafness],
    serialization: "advanced",
    // The log, the orders, and the passphrase.
    stdio: ["ignore", "ignore", "pipe", "ipc", "pipe"],
  });
}

/** A worker process, as its primary sees it. */
export class WorkerProcess {
  readonly number: number;
  /** Resolves when the process is gone, with how it ended in a few words. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  /** Connections on their way to it. They stay open here until it has them. */
  readonly #handovers = new Map<number, { readonly socket: Socket; readonly binding: Binding }>();
  #connections = 0;
  readonly #up: Promise<unknown>;
  /** Resolves when its log has been read to its end. */
  readonly #logged: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;
  #gone: string | undefined;

  constructor({ number, passphrase, quota, write, returned }: WorkerProcessOptions) {
    this.number = number;
    this.#process = start();
    this.#up = new Promise((resolve) => this.#process.once("message", resolve));
    const ledger = new Ledger(quota, (verdict) => this.#send(verdict));
    this.#process.on("message", (message: Answer | Use | Taken | typeof up) => {
      if (message === up) return;
      if ("id" in message) this.#hear(message);
      else if ("taken" in message) this.#let(message);
      else void ledger.hear(message);
    });
    // Sending to a process that is just ending fails; that it has ended is what counts.
    this.#process.on("error", () => {});
    this.ended = new Promise((resolve) =>
      this.#process.once("exit", (status: number | null, signal: string | null) => {
        this.#gone = signal ?? `status ${status}`;
        ledger.close();
        for (const { socket, binding } of this.#handovers.values()) returned(socket, binding);
        for (const { reject } of this.#waiting.values()) reject(this.failure(`it ended with ${this.#gone}`));
        resolve(this.#gone);
      }),
    );
    const { stdio, stderr } = this.#process;
    this.#logged = stderr === null ? Promise.resolve() : forwardLines(stderr, write);
    const pipe = stdio[passphraseDescriptor] as Writable;
    pipe.on("error", () => {}).end(passphrase?.expose() ?? "");
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** How many connections are on their way to it: those of a worker that is too busy to take them pile up. */
  get queue(): number {
    return this.#handovers.size;
  }

  /** Whether it runs. */
  get alive(): boolean {
    return this.#gone === undefined;
  }

  /**
   * Gives an order. Rejects with what the worker says, or worker_failed when it ends, or is silent for so long where that
   * is said.
   */
  async ask<N extends OrderName>(
    name: N,
    about: Orders[N]["about"],
    withinMs?: number,
  ): Promise<Orders[N]["answer"]> {
    if (this.#gone !== undefined) throw this.failure(`it has ended with ${this.#gone}`);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const id = (this.#orders += 1);
    const timer =
      withinMs === undefined
        ? undefined
        : setTimeout(
            () => reject(this.failure(`it has not answered "${name}" for ${withinMs / 1000} s`)),
            withinMs,
          );
    this.#waiting.set(id, { resolve, reject });
    try {
      await Promise.race([this.#up, promise]);
      const order: Order<N> = { id, name, about };
      this.#send(order);
      return (await promise) as Orders[N]["answer"];
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Lets it drain until `over` aborts, and waits for its end, and that of its log. */
  async stop(over: AbortSignal): Promise<void> {
    const drained = this.ask("stop", undefined).catch(() => {});
    if (!over.aborted) await Promise.race([drained, once(over, "abort")]);
    if (over.aborted) this.ask("hurry", undefined, endMs).catch(() => {});
    const timer = setTimeout(() => this.kill(), endMs);
    await this.ended;
    clearTimeout(timer);
    await this.#logged;
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Hands it a connection, of which nothing has been read. */
  give(socket: Socket, binding: Binding): void {
    const connection = (this.#connections += 1);
    this.#handovers.set(connection, { socket, binding });
    const handover: Handover = { connection, binding };
    // Closed here when the worker says that it has it. Left to Node.js, it would stay open where the worker dies on
    // receipt, and the client would wait for ever. What cannot be sent is returned when the worker is gone.
    this.#process.send(handover, socket, { keepOpen: true }, () => {});
  }

  /** The worker has a connection: this process lets go of it. */
  #let({ taken }: Taken): void {
    this.#handovers.get(taken)?.socket.destroy();
    this.#handovers.delete(taken);
  }

  #send(message: Order | Verdict): void {
    if (this.#process.connected) this.#process.send(message);
  }

  #hear(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    if ("error" in answer) waiting?.reject(heard(answer.error));
    else waiting?.resolve(answer.value);
  }

  /** What is wrong with it, as an error. */
  failure(reason: string): PosternError {
    return problem("worker_failed", { number: this.number, reason });
  }
}

/** Passes on the lines of a worker's log whole, so that lines of two processes never meet in one, to its end. */
function forwardLines(stderr: Readable, log: (lines: string) => void): Promise<void> {
  let rest = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    const end = text.lastIndexOf("\n") + 1;
    if (end === 0) rest += text;
    else {
      log(rest + text.slice(0, end));
      rest = text.slice(end);
    }
  });
  return new Promise((resolve) =>
    stderr.once("close", () => {
      if (rest !== "") log(`${rest}\n`);
      resolve();
    }),
  );
}
