import { once } from "node:events";
import type { Logger } from "pino";
import { problem } from "../errors.ts";
import type { Traffic } from "./live/traffic.ts";

/** Counts the requests in flight, and sees them to their end when the gateway stops. */
export class Drain {
  readonly #traffic: Traffic;
  readonly #log: Logger;
  #inFlight = 0;
  /** Gives up what a request waits for. */
  readonly #waiting = new Set<() => void>();
  #idle: (() => void) | undefined;
  /** No request is taken any more. */
  begun = false;

  /** @param traffic knows who can stop the requests that are on their way */
  constructor(traffic: Traffic, log: Logger) {
    this.#traffic = traffic;
    this.#log = log;
  }

  enter(): void {
    this.#inFlight += 1;
  }

  leave(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#idle?.();
  }

  /**
   * What a request must have before somebody can stop it, its body for one, as long as there is time for it.
   *
   * @throws PosternError shut_down
   */
  inTime<T>(awaited: Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const giveUp = (): void => reject(problem("shut_down", undefined));
    this.#waiting.add(giveUp);
    void awaited.then(resolve, reject).finally(() => this.#waiting.delete(giveUp));
    return promise;
  }

  /** Resolves when no request is in flight. Those that still are when `over` aborts are broken off. */
  async run(over: AbortSignal): Promise<void> {
    this.begun = true;
    if (this.#inFlight === 0) return;
    const idle = new Promise<void>((resolve) => (this.#idle = resolve));
    if (!over.aborted) await Promise.race([idle, once(over, "abort")]);
    // In a turn of its own: by then each of them waits for something, or can be stopped.
    setImmediate(() => this.#breakOff());
    await idle;
  }

  #breakOff(): void {
    if (this.#inFlight === 0) return;
    this.#log.warn({ requests: this.#inFlight }, "the drain is over; requests in flight are broken off");
    for (const giveUp of this.#waiting) giveUp();
    this.#traffic.stopAll();
  }
}
