import type { Logger } from "pino";
import { PosternError, problem, reasonOf } from "../errors.ts";
import { WorkerProcess, type WorkerProcessOptions } from "./worker-process.ts";
import type { Beginning, OrderName, Orders, Wanted } from "./orders.ts";
import { counted, type Samples } from "./samples.ts";

/** The time in which a worker must serve. */
const beginMs = 60_000;
/** The time in which a worker must have applied a change. */
const applyMs = 15_000;
/** How long a worker may serve with another state than the one that is in force. */
const behindMs = 5_000;
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
  /** The state in force. */
  readonly wanted: () => Wanted;
  /** How long what is in flight in a worker that is replaced may go on. */
  readonly drainMs: () => number;
  /** Called when a worker takes requests. */
  readonly serves: () => void;
  /** Called when the slot stays empty, with the reason. */
  readonly left: (reason: PosternError) => void;
}

/**
 * The slot of one worker among others. One that dies is replaced, after a pause, and not endlessly; and so is one that
 * cannot take over what is in force.
 */
export class WorkerSlot {
  readonly number: number;
  readonly #options: WorkerSlotOptions;
  #worker: WorkerProcess | undefined;
  /** Whether its worker takes requests. */
  #serving = false;
  /** Since when its worker serves with another state than the one in force, in the clock of `performance.now`. */
  #behindSinceMs: number | undefined;
  /** Those that another has replaced, and that see what they have in flight to its end. */
  readonly #leaving = new Set<WorkerProcess>();
  /** How many of its workers in a row have not lasted. */
  #failed = 0;
  /** Runs until the next worker starts. */
  #pause: NodeJS.Timeout | undefined;
  /** What each of its workers told last of its metrics, and what the counters of those before them had reached. */
  readonly #samples = new Map<WorkerProcess, Samples>();
  #past: Promise<Samples> = Promise.resolve([]);
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
    this.#behindSinceMs = undefined;
    const { beginning, serves } = this.#options;
    const worker = new WorkerProcess(this.#options);
    this.#worker = worker;
    const startedMs = performance.now();
    void worker.ended.then((how) => this.#over(worker, how, performance.now() - startedMs));
    await worker.ask("begin", { ...beginning(), number: this.number }, beginMs);
    this.#serving = true;
    serves();
  }

  /**
   * Has the state in force taken over. One that has been asked in vain for too long leaves its place to another.
   *
   * @throws PosternError worker_behind: its worker serves on without all of it
   */
  async apply(): Promise<void> {
    if (this.empty) this.#fillAfter(0);
    const worker = this.#worker;
    if (worker === undefined) return;
    const { wanted } = this.#options;
    if (!this.#serving) {
      // It begins with this state, or not at all.
      worker.ask("apply", wanted(), beginMs).catch(() => worker.kill());
      return;
    }
    const askedMs = performance.now();
    try {
      await worker.ask("apply", wanted(), applyMs);
      this.#behindSinceMs = undefined;
    } catch (error) {
      if (worker !== this.#worker || !worker.alive) return;
      const reason = reasonOf(error);
      this.#behindSinceMs ??= askedMs;
      if (performance.now() - this.#behindSinceMs < behindMs)
        throw problem("worker_behind", { number: this.number, reason });
      this.#leave(worker, reason);
    }
  }

  /** What its worker says, or undefined when it says nothing. */
  async tell<N extends OrderName>(
    name: N,
    about: Orders[N]["about"],
  ): Promise<Orders[N]["answer"] | undefined> {
    return this.#serving ? this.#worker?.ask(name, about, tellMs).catch(() => undefined) : undefined;
  }

  /** The metrics of its workers, as they were last if they do not answer, and of those before them. */
  async samples(): Promise<readonly Samples[]> {
    const workers = [...this.#leaving, ...(this.server === undefined ? [] : [this.server])];
    await Promise.all(workers.map((worker) => this.#sample(worker)));
    return [...this.#samples.values(), await this.#past];
  }

  /** Lets its workers drain until `over` aborts, and waits for their end. */
  async stop(over: AbortSignal): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pause);
    const workers = this.#worker === undefined ? this.#leaving : [...this.#leaving, this.#worker];
    await Promise.all([...workers].map((worker) => worker.stop(over)));
  }

  async #sample(worker: WorkerProcess): Promise<void> {
    const samples = await worker.ask("samples", undefined, tellMs).catch(() => undefined);
    if (samples !== undefined && worker.alive) this.#samples.set(worker, samples);
  }

  /** Has another worker take this one's place at once. What is in flight here has the time that a stop would give it. */
  #leave(worker: WorkerProcess, reason: string): void {
    const { log, drainMs } = this.#options;
    log.error(
      { worker: this.number, reason },
      "a worker could not take over what is in force; another takes its place, and what is in flight there goes on",
    );
    this.#worker = undefined;
    this.#serving = false;
    this.#leaving.add(worker);
    const ms = drainMs();
    void worker.stop(ms === Infinity ? new AbortController().signal : AbortSignal.timeout(ms));
    this.#fillAfter(0);
  }

  #over(worker: WorkerProcess, how: string, servedMs: number): void {
    const samples = this.#samples.get(worker) ?? [];
    this.#samples.delete(worker);
    this.#past = this.#past.then((past) => counted([past, samples]));
    if (this.#leaving.delete(worker)) return;
    const served = this.#serving;
    this.#worker = undefined;
    this.#serving = false;
    if (!this.#stopping) this.#replace(how, served, servedMs);
  }

  #replace(how: string, served: boolean, servedMs: number): void {
    const { log, left } = this.#options;
    const worker = this.number;
    if (served)
      log.error(
        { worker, ended: how },
        "a worker ended; what was in flight there is lost, and the others serve on",
      );
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
