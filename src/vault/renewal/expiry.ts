import type { Item } from "../item.ts";

const dayMs = 24 * 3_600_000;

/** Days before an item expires at which the warning grows more pressing, the nearest first. */
const warningDays = [1, 7, 30] as const;

/** The threshold that an end has passed: "a day", "7 days"; undefined while it is further away. */
export function withinOf(expires: Date, now: Date): string | undefined {
  const leftMs = expires.getTime() - now.getTime();
  const within = warningDays.find((days) => leftMs <= days * dayMs);
  return within === undefined ? undefined : within === 1 ? "a day" : `${within} days`;
}

/** An item that expires, and how pressing that is. */
export interface Expiry {
  readonly item: string;
  readonly expires: Date;
  readonly state: "expired" | "soon" | "later";
  /** In words: "within 7 days, at 2026-…", "at 2026-…". */
  readonly when: string;
}

/** The items that expire, the nearest first. */
export function expiriesOf(items: readonly Item[], now: Date): readonly Expiry[] {
  return items
    .flatMap(({ name, expires }) => (expires === undefined ? [] : [expiryOf(name, expires, now)]))
    .sort((a, b) => a.expires.getTime() - b.expires.getTime());
}

function expiryOf(item: string, expires: Date, now: Date): Expiry {
  const at = `at ${expires.toISOString()}`;
  if (expires <= now) return { item, expires, state: "expired", when: at };
  const within = withinOf(expires, now);
  return within === undefined
    ? { item, expires, state: "later", when: at }
    : { item, expires, state: "soon", when: `within ${within}, ${at}` };
}
