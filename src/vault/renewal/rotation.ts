import type { Draft, Item } from "../item.ts";

/** An item with another value, and the one that it had for as long as that is kept. */
export function rotated(old: Item, draft: Draft, now: Date, graceMs: number): Item {
  const { name, kind, created, changed, facts, secrets, expires } = old;
  const item: Item = { name, kind, created, changed: now, ...draft };
  if (graceMs <= 0) return item;
  const until = new Date(now.getTime() + graceMs);
  return { ...item, previous: { until, changed, facts, secrets, ...(expires !== undefined && { expires }) } };
}

/** Without a previous value whose time is over. */
export function withoutStale(item: Item, now: Date): Item {
  const { previous, ...rest } = item;
  return previous === undefined || previous.until > now ? item : rest;
}
