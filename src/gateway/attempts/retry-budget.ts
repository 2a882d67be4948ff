/** What there is for quiet times, when a share of the requests would be none. */
const reserve = 20;
const refillPerSecond = 2;

/**
 * Bounds how much retries add to the load of endpoints that may have too much of it: over any time, they are no more
 * than `share` of the requests, 2 a second and 20 (a token bucket; linkerd and Envoy do alike).
 */
export class RetryBudget {
  #tokens = reserve;
  #sinceMs: number | undefined;

  /** A request came, the first time. */
  requested(share: number): void {
    // More than the reserve is not saved up: what counts is the present load.
    this.#tokens = Math.min(reserve, this.#tokens + share);
  }

  /** Whether one more retry may be made; it is counted then. */
  take(nowMs: number): boolean {
    const refill = ((nowMs - (this.#sinceMs ?? nowMs)) / 1000) * refillPerSecond;
    this.#tokens = Math.min(reserve, this.#tokens + refill);
    this.#sinceMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
