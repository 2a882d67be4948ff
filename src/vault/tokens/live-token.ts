import { watchFolderOf } from "../../config/watch.ts";
import { reasonOf } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Item, Live } from "../item.ts";
import { SourceFault } from "./source-fault.ts";
import { askSource } from "./token-asked.ts";
import type { TokenSource } from "./token-source.ts";

/** How often it is looked at, though nothing tells of a change: a clock can jump, and a folder's watch can miss one. */
const lookEveryMs = 500;
/** A command is run again when this share of its time to live is over, or up to a tenth of that earlier. */
const refreshShare = 0.8;
const jitterShare = 0.1;
/** The pause behind a failed run of a command; it doubles with each that follows. */
const firstPauseMs = 1000;
const longestPauseMs = 30_000;
/** How often requests may have the source asked. */
const renewEveryMs = 1000;

/** Who is told what becomes of a live token. */
export interface LiveTokenWatch {
  /** There is another value than before, or none any more. */
  changed(): void;
  /** The source gave a value: another one, the same once more, or the first after failures. */
  refreshed(item: Item, after: "change" | "repetition" | "failure"): void;
  /** It gave none, for a reason that was not told before. `usable`: whether there is an older value that is. */
  failed(item: Item, fault: string, usable: boolean): void;
  /** The time to live of the last value is over. */
  lapsed(item: Item): void;
}

/** The token of one item, kept fresh from its source. Requests never wait for it; they take the value that there is. */
export class LiveToken implements Live {
  readonly item: Item;
  readonly #source: TokenSource;
  readonly #watch: LiveTokenWatch;
  readonly #stop = new AbortController();
  readonly #unwatch: () => void;
  #token: Secret | undefined;
  /** When the run began that gave the token: it may have been made at once. */
  #askedMs = -Infinity;
  #dueMs = -Infinity;
  #failures = 0;
  #asking: Promise<void> | undefined;
  #renewedMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #lapsed = false;
  fault: string | undefined = "its source has not answered yet";

  /** @param before another item's, of the same source: its value is good until this one has its own */
  constructor(item: Item, source: TokenSource, watch: LiveTokenWatch, before?: LiveToken) {
    this.item = item;
    if (before !== undefined) {
      this.#token = before.#token;
      this.#askedMs = before.#askedMs;
      this.fault = before.fault;
    }
    this.#source = source;
    this.#watch = watch;
    this.#unwatch = "file" in source ? watchFolderOf(source.file, () => void this.#ask()) : () => {};
  }

  get untilMs(): number {
    return this.#token === undefined ? -Infinity : this.#askedMs + (this.#source.ttlMs ?? Infinity);
  }

  /** The item with its value, as long as that may be used. */
  current(nowMs: number): Item {
    const token = this.untilMs > nowMs ? this.#token : undefined;
    return { ...this.item, secrets: token === undefined ? {} : { value: token }, live: this };
  }

  /** Keeps it fresh from now on; resolves when the source has answered for the first time, or failed to. */
  start(): Promise<void> {
    return this.#look();
  }

  /** Has the source asked if it is time; a clock that was set back makes it so. The answer is not waited for. */
  #look(): Promise<void> {
    const nowMs = Date.now();
    if (this.#token !== undefined && !this.#lapsed && this.untilMs <= nowMs) {
      this.#lapsed = true;
      this.fault ??= "its time to live is over";
      this.#watch.lapsed(this.item);
      this.#watch.changed();
    }
    const isDue = nowMs >= this.#dueMs || nowMs < this.#askedMs;
    const ahead = [this.#dueMs, this.untilMs].map((atMs) => atMs - nowMs).filter((inMs) => inMs > 0);
    const nextMs = Math.min(lookEveryMs, ...ahead);
    this.#timer = setTimeout(() => void this.#look(), nextMs).unref();
    return isDue ? this.#ask() : Promise.resolve();
  }

  async renew(): Promise<void> {
    const nowMs = performance.now();
    if (this.#asking === undefined && nowMs - this.#renewedMs < renewEveryMs) return;
    this.#renewedMs = nowMs;
    await this.#ask();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#unwatch();
    this.#stop.abort();
  }

  /** Once at a time. */
  #ask(): Promise<void> {
    this.#asking ??= this.#askOnce().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    const nowMs = Date.now();
    const { signal } = this.#stop;
    try {
      const token = await askSource(this.#source, signal);
      if (!signal.aborted) this.#took(token, nowMs);
    } catch (error) {
      if (!signal.aborted) this.#failed(error instanceof SourceFault ? error.message : reasonOf(error));
    }
  }

  #took(token: Secret, askedMs: number): void {
    const same = this.#token?.equals(token) === true && this.untilMs > Date.now() && !this.#lapsed;
    const after = this.#failures > 0 ? "failure" : same ? "repetition" : "change";
    this.#token = token;
    this.#askedMs = askedMs;
    this.#lapsed = false;
    this.#failures = 0;
    this.fault = undefined;
    // A file is looked at every time: that costs next to nothing.
    if ("command" in this.#source) {
      const early = 1 - jitterShare * Math.random();
      this.#dueMs = askedMs + this.#source.ttlMs * refreshShare * early;
    }
    this.#watch.refreshed(this.item, after);
    if (!same) this.#watch.changed();
  }

  #failed(fault: string): void {
    const news = fault !== this.fault;
    this.fault = fault;
    this.#failures += 1;
    const pauseMs = Math.min(firstPauseMs * 2 ** (this.#failures - 1), longestPauseMs);
    const nowMs = Date.now();
    if ("command" in this.#source) this.#dueMs = nowMs + pauseMs * (1 - jitterShare * Math.random());
    if (!news) return;
    const usable = this.untilMs > nowMs;
    this.#watch.failed(this.item, fault, usable);
    // Requests are told the reason.
    if (!usable) this.#watch.changed();
  }
}
