import type { EjectionConfig } from "../../config/config.ts";
import { afterFailure, afterSuccess, type Health, shareOf, well } from "./health.ts";

/**
 * What is known of an endpoint by its answers, for the choice between those that serve a model. It outlives a reload
 * that leaves the endpoint's connections as they are. Times are of one steady clock, in milliseconds.
 */
export class Standing {
  #health: Health = well;
  #pausedUntilMs = -Infinity;
  #probedWell = true;
  /** Since when its probes are answered again. */
  #probedWellMs = -Infinity;

  /** When the pause is over that the endpoint has asked for. */
  get pausedUntilMs(): number {
    return this.#pausedUntilMs;
  }

  /** The share of its requests that it is to get now: 0 while it is ejected, or its probe fails. */
  shareAt(nowMs: number): number {
    if (!this.#probedWell) return 0;
    return Math.min(shareOf(this.#health, nowMs), shareOf({ untilMs: this.#probedWellMs }, nowMs));
  }

  /** It wants no requests before `untilMs`. */
  pause(untilMs: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
  }

  succeeded(nowMs: number): void {
    if (this.#health !== well) this.#health = afterSuccess(this.#health, nowMs);
  }

  /** Returns for how long this has ejected it, in milliseconds; undefined where it has not. */
  failed(nowMs: number, ejection: EjectionConfig): number | undefined {
    const before = this.#health;
    this.#health = afterFailure(before, nowMs, ejection);
    return this.#health.ejections > before.ejections ? this.#health.untilMs - nowMs : undefined;
  }

  /** Returns whether this is news. */
  probed(ok: boolean, nowMs: number): boolean {
    if (ok === this.#probedWell) return false;
    this.#probedWell = ok;
    if (ok) this.#probedWellMs = nowMs;
    return true;
  }
}
