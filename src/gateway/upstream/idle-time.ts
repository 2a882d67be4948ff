import { limits } from "../limits.ts";

/** So much sooner than the endpoint, that its close and our next request do not meet. */
const before = (ms: number): number => ms - Math.min(1000, ms / 5);

/**
 * How long connections to an endpoint may be idle: less than it lets them be, by what it says and by what it was seen to
 * do. Times are of one steady clock, in milliseconds.
 */
export class IdleTime {
  #seenMs = Infinity;
  #forgetMs = -Infinity;

  /** The endpoint has closed a connection that had been idle for so long. */
  closedAfter(idleMs: number, nowMs: number): void {
    // What is closed at once is no matter of idle time: the server restarts, or is unwell.
    const seenMs = Math.max(idleMs, limits.idleCloseLeastMs);
    if (seenMs >= this.#seenAt(nowMs)) return;
    this.#seenMs = seenMs;
    this.#forgetMs = nowMs + limits.idleCloseMs;
  }

  /** @param hintMs what its `Keep-Alive` header says */
  keepMs(hintMs: number | undefined, nowMs: number): number {
    const seenMs = this.#seenAt(nowMs);
    const hinted = hintMs === undefined ? Infinity : hintMs - 1000;
    return Math.min(limits.upstreamKeepAliveMs, hinted, before(seenMs));
  }

  #seenAt(nowMs: number): number {
    return nowMs < this.#forgetMs ? this.#seenMs : Infinity;
  }
}
