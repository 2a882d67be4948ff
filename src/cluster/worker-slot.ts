import type { Logger } from "pino";
import type { Sources } from "../config/sources.ts";
import { PosternError, problem, reasonOf } from "../errors.ts";
import { WorkerProcess, type WorkerProcessOptions } from "./worker-process.ts";
import type { Beginning, OrderName, Orders } from "./orders.ts";
import { counted, type Samples } from "./samples.ts";

/** The time in which a worker must serve. */
const beginMs = 60_000;
/** The time in which a worker must have applied a change. */
const applyMs = 15_000;
/** The time in which a worker must say how it is. */
const tellMs = 2_000;
/** The pause before a worker is replaced; it doubles each time that the next one does not last either. */
const pauseMs = 100;
/** A worker that has served this long has lasted. */
const lastsMs = 60_000;
/** How many workers in a row may fail to last before their slot stays empty. */
const mostFailed = 6;

interface WorkerSlotOptions extends WorkerProcessOptions {
  readonly log: Logger;
  /** What a worker that starts now begins with. */
  readonly beginning: () => Omit<Beginning, "number">;
  /** The configuration in force. */
  readonly sources: () => Sources;
  /** Called when a worker takes requests. */
  readonly serves: () => void;
  /** Called when the slot stays empty, with the reason. */
  readonly left: (reason: PosternError) => void;
}

/** The slot of one worker among others. One that dies is replaced, after a pause, and not endlessly. */
export class WorkerSlot {
  readonly number: number;
  readonly #options: WorkerSlotOptions;
  #worker: WorkerProcess | undefined;
  /** Whether its worker takes requests. */
  #serving = false;
  /** How many of its workers in a row have not lasted. */
  #failed = 0;
  /** Runs until the next worker starts. */
  #pause: NodeJS.Timeout | undefined;
  /** What its worker told last of its metrics, and what the counters of those before it had reached. */
  #samples: Samples = [];
  #past: Samples = [];
  #stopping = false;

  constructor(options: WorkerSlotOptions) {
    this.number = options.number;
    this.#options = options;
  }

  /** Its worker, while that takes requests. */
  get server(): WorkerProcess | undefined {
    return this.#serving && this.#worker?.alive === true ? this.#worker : undefined;
  }

  /** Whether nobody is here, nor will be. */
  get empty(): boolean {
    return this.#worker === undefined && this.#pause === undefined;
  }

  /** Starts a worker, and replaces it whenever it ends; resolves when it serves. */
  async fill(): Promise<void> {
    this.#pause = undefined;
    const { beginning, serves } = this.#options;
    const worker = new WorkerProcess(this.#options);
    this.#worker = worker;
    const startedMs = performance.now();
    void worker.ended.then((how) => this.#replace(how, performance.now() - startedMs));
    await worker.ask("begin", { ...beginning(), number: this.number }, beginMs);
    this.#serving = true;
    serves();
  }

  /** Has the state that others begin with put in force; returns why it is not, if it is not. */
  async apply(): Promise<string | undefined> {
    const worker = this.#worker;
    if (this.empty) this.#fillAfter(0);
    if (worker === undefined) return undefined;
    try {
      await worker.ask("apply", this.#options.sources(), applyMs);
      return undefined;
    } catch (error) {
      // One that takes the place of another begins with the new state, or not at all.
      return worker.alive && this.#serving ? `worker ${this.number}: ${reasonOf(error)}` : undefined;
    }
  }

  /** What its worker says, or undefined when it says nothing. */
  async tell<N extends OrderName>(
    name: N,
    about: Orders[N]["about"],
  ): Promise<Orders[N]["answer"] | undefined> {
    return this.#serving ? this.#worker?.ask(name, about, tellMs).catch(() => undefined) : undefined;
  }

  /** The metrics of its worker, as they were last if it does not answer, and of those before it. */
  async samples(): Promise<readonly Samples[]> {
    this.#samples = (await this.tell("samples", undefined)) ?? this.#samples;
    return [this.#samples, this.#past];
  }

  /** Lets its worker drain until `over` aborts, and waits for its end. */
  async stop(over: AbortSignal): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    await this.#worker?.stop(over);
  }

  async #replace(how: string, servedMs: number): Promise<void> {
    const served = this.#serving;
    this.#worker = undefined;
    this.#serving = false;
    if (this.#stopping) return;
    const { log, left } = this.#options;
    const worker = this.number;
    if (served)
      log.error(
        { worker, ended: how },
        "a worker ended; what was in flight there is lost, and the others serve on",
      );
    this.#past = await counted([this.#past, this.#samples]);
    this.#samples = [];
    this.#failed = servedMs < lastsMs ? this.#failed + 1 : 1;
    if (this.#failed <= mostFailed) return this.#fillAfter(pauseMs * 2 ** (this.#failed - 1));
    this.#failed = 0;
    log.error({ worker }, "its place stays empty until the next reload: its workers did not last");
    left(problem("worker_failed", { number: worker, reason: `it ended with ${how}, again and again` }));
  }

  #fillAfter(ms: number): void {
    if (!this.#stopping) this.#pause = setTimeout(() => void this.#fillAgain(), ms);
  }

  async #fillAgain(): Promise<void> {
    const { log } = this.#options;
    const worker = this.number;
    try {
      const filled = this.fill();
      const pid = this.#worker?.pid;
      await filled;
      log.info({ worker, pid }, "a new worker serves in its place");
    } catch (error) {
      const code = error instanceof PosternError ? error.code : "internal";
      log.error({ worker, code, message: reasonOf(error) }, "a new worker could not begin");
      this.#worker?.kill();
    }
  }
}
