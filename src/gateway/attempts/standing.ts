import type { EjectionConfig } from "../../config/config.ts";
import type { Load } from "../upstream/exchange.ts";
import { afterFailure, afterSuccess, type Health, shareOf, well } from "./health.ts";

/**
 * What is known of an endpoint by its answers, for the choice between those that serve a model. It is of what stands at
 * its origin, and outlives whatever else of it changes. Times are of one steady clock, in milliseconds.
 */
export class Standing implements Load {
  /** Over all of its connections, those under an older credential too. */
  inFlight = 0;
  #ways = 0;
  #health: Health = well;
  /** Its last failure was that it gave no answer at all. */
  #unanswered = false;
  #pausedUntilMs = -Infinity;
  /** By its own id of a model. */
  readonly #modelsPausedUntilMs = new Map<string, number>();
  #probedWell = true;
  /** Since when its probes are answered again. */
  #probedWellMs = -Infinity;

  /** In how many ways it has been connected to, one after the other. */
  get ways(): number {
    return this.#ways;
  }

  /** The share of its requests that it is to get now: 0 while it is ejected, or its probe fails. */
  shareAt(nowMs: number): number {
    if (!this.#probedWell) return 0;
    return Math.min(shareOf(this.#health, nowMs), shareOf({ untilMs: this.#probedWellMs }, nowMs));
  }

  /**
   * When the pause is over that it has asked for.
   *
   * @param model its own id of the one that is asked for
   */
  pausedUntilMs(model: string): number {
    return Math.max(this.#pausedUntilMs, this.#modelsPausedUntilMs.get(model) ?? -Infinity);
  }

  /** It wants no requests before `untilMs`. */
  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  /** It wants no requests for this model before `untilMs`. */
  pauseModel(model: string, untilMs: number, nowMs: number): void {
    // A reload can have named others: what is over is not kept for them.
    for (const [other, overMs] of this.#modelsPausedUntilMs)
      if (overMs <= nowMs) this.#modelsPausedUntilMs.delete(other);
    this.#modelsPausedUntilMs.set(model, Math.max(this.pausedUntilMs(model), untilMs));
  }

  succeeded(nowMs: number): void {
    if (this.#health !== well) this.#health = afterSuccess(this.#health, nowMs);
  }

  /**
   * Returns for how long this has ejected it, in milliseconds; undefined where it has not.
   *
   * @param unanswered it gave no answer at all, not even a bad one
   */
  failed(nowMs: number, ejection: EjectionConfig, unanswered: boolean): number | undefined {
    const before = this.#health;
    this.#unanswered = unanswered;
    this.#health = afterFailure(before, nowMs, ejection);
    return this.#health.untilMs > before.untilMs ? this.#health.untilMs - nowMs : undefined;
  }

  /**
   * It is connected to in another way: with another certificate, another CA, other timeouts. If it gave no answer, the
   * way before may have been the reason. A token is no reason: what is refused with 401 is answered.
   */
  wayChanged(): void {
    this.#ways += 1;
    if (this.#unanswered) this.#health = well;
  }

  /** Returns whether this is news. */
  probed(ok: boolean, nowMs: number): boolean {
    if (ok === this.#probedWell) return false;
    this.#probedWell = ok;
    if (ok) this.#probedWellMs = nowMs;
    return true;
  }
}
