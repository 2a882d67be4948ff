import type { Logger } from "pino";
import type { Sources } from "../config/sources.ts";
import { PosternError, problem, reasonOf } from "../errors.ts";
import { Hand, type HandOptions } from "./hand.ts";
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
/** How many workers in a row may fail to last before their place stays empty. */
const mostFailed = 6;

interface PlaceOptions extends HandOptions {
  readonly log: Logger;
  /** What a worker that starts now begins with. */
  readonly beginning: () => Omit<Beginning, "number">;
  /** The configuration in force. */
  readonly sources: () => Sources;
  /** Called when a worker takes requests. */
  readonly serves: () => void;
  /** Called when the place stays empty, with the reason. */
  readonly left: (reason: PosternError) => void;
}

/** The place of one worker among others. One that dies is replaced, after a pause, and not endlessly. */
export class Place {
  readonly number: number;
  readonly #options: PlaceOptions;
  #hand: Hand | undefined;
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

  constructor(options: PlaceOptions) {
    this.number = options.number;
    this.#options = options;
  }

  /** Its worker, while that takes requests. */
  get server(): Hand | undefined {
    return this.#serving && this.#hand?.alive === true ? this.#hand : undefined;
  }

  /** Whether nobody is here, nor will be. */
  get empty(): boolean {
    return this.#hand === undefined && this.#pause === undefined;
  }

  /** Starts a worker, and replaces it whenever it ends; resolves when it serves. */
  async fill(): Promise<void> {
    this.#pause = undefined;
    const { beginning, serves } = this.#options;
    const hand = new Hand(this.#options);
    this.#hand = hand;
    const startedMs = performance.now();
    void hand.ended.then((how) => this.#replace(how, performance.now() - startedMs));
    await hand.ask("begin", { ...beginning(), number: this.number }, beginMs);
    this.#serving = true;
    serves();
  }

  /** Has the state that others begin with put in force; returns why it is not, if it is not. */
  async apply(): Promise<string | undefined> {
    const hand = this.#hand;
    if (this.empty) this.#fillAfter(0);
    if (hand === undefined) return undefined;
    try {
      await hand.ask("apply", this.#options.sources(), applyMs);
      return undefined;
    } catch (error) {
      // One that takes the place of another begins with the new state, or not at all.
      return hand.alive && this.#serving ? `worker ${this.number}: ${reasonOf(error)}` : undefined;
    }
  }

  /** What its worker says, or undefined when it says nothing. */
  async tell<N extends OrderName>(
    name: N,
    about: Orders[N]["about"],
  ): Promise<Orders[N]["answer"] | undefined> {
    return this.#serving ? this.#hand?.ask(name, about, tellMs).catch(() => undefined) : undefined;
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
    await this.#hand?.stop(over);
  }

  async #replace(how: string, servedMs: number): Promise<void> {
    const served = this.#serving;
    this.#hand = undefined;
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
      const hand = this.#hand;
      await filled;
      log.info({ worker, pid: hand?.pid }, "a new worker serves in its place");
    } catch (error) {
      const code = error instanceof PosternError ? error.code : "internal";
      log.error({ worker, code, message: reasonOf(error) }, "a new worker could not begin");
      this.#hand?.kill();
    }
  }
}
