import type { EjectionConfig } from "../../config/config.ts";
import type { Failure } from "../upstream/failure.ts";

/** How an endpoint has answered of late. Times are of any steady clock, in milliseconds. */
export interface Health {
  /** In a row, up to now. */
  readonly failures: number;
  /** How often it has been ejected since it was last well. */
  readonly ejections: number;
  /** When its ejection ends, or ended. */
  readonly untilMs: number;
}

export const well: Health = { failures: 0, ejections: 0, untilMs: -Infinity };

/** How long an endpoint takes to get all of its requests again. */
export const returnMs = 10_000;

/** The share that it begins with, so that there is something to judge it by. */
const leastShare = 0.1;

/** It is never ejected for longer than the first time by this factor. */
const mostGrowth = 16;

/** Statuses that say that an endpoint can serve nobody now. */
export const unwell = new Set([502, 503, 504]);

/**
 * Whether a failure says anything of its endpoint: not where nothing was sent to it, nor where it had to wait for a
 * client that did not send its request.
 */
export const isItsOwn = ({ by, bodyAwaited }: Failure): boolean => by !== "postern" && !bodyAwaited;

/**
 * The share of its requests that an endpoint is to get: none while it is ejected, then more and more.
 *
 * @param untilMs when it began to return
 */
export function shareOf({ untilMs }: Pick<Health, "untilMs">, nowMs: number): number {
  if (nowMs < untilMs) return 0;
  return Math.min(1, Math.max(leastShare, (nowMs - untilMs) / returnMs));
}

/**
 * After so many failures in a row an endpoint is ejected; one that returns, after a single one, and for twice as long
 * as the time before. One that has returned begins anew, whether it was asked meanwhile or not.
 */
export function afterFailure(health: Health, nowMs: number, { after, forMs }: EjectionConfig): Health {
  // Asked all the same, because the others have failed too; or the request was on its way before.
  if (after === 0 || nowMs < health.untilMs) return health;
  const failures = health.failures + 1;
  const returning = shareOf(health, nowMs) < 1;
  if (failures < after && !returning) return { ...well, failures };
  const ejections = returning ? health.ejections : 0;
  const growth = Math.min(mostGrowth, 2 ** ejections);
  return { failures: 0, ejections: ejections + 1, untilMs: nowMs + forMs * growth };
}

/** An answer ends the row of failures; an ejection ends with its time alone, for old streams may still come to their end. */
export function afterSuccess(health: Health, nowMs: number): Health {
  const share = shareOf(health, nowMs);
  if (share === 0) return health;
  return share < 1 ? { ...health, failures: 0 } : well;
}
