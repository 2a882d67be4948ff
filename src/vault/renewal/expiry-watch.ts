import { expiriesOf, type Expiry } from "./expiry.ts";
import type { Item } from "../item.ts";

/** Often enough for a threshold of a day. */
const lookEveryMs = 3_600_000;

/**
 * Tells of each item that has expired or soon will: once for each threshold that it passes (30, 7 and 1 days, and its
 * end), looking at once and then every hour.
 *
 * @param look what else is to be done each time, before the items are looked at
 * @returns what looks again at once, and what ends it
 */
export function watchExpiries(o: {
  readonly items: () => readonly Item[];
  readonly now: () => Date;
  readonly tell: (expiry: Expiry) => void;
  readonly look?: () => Promise<void>;
}): { readonly again: () => void; readonly stop: () => void } {
  /** What was told of each item: a new value of it may pass the same threshold again. */
  let told = new Map<string, string>();
  const again = (): void => {
    const pressing = expiriesOf(o.items(), o.now()).filter(({ state }) => state !== "later");
    const before = told;
    told = new Map(pressing.map(({ item, state, when }) => [item, `${state} ${when}`]));
    for (const expiry of pressing) if (before.get(expiry.item) !== told.get(expiry.item)) o.tell(expiry);
  };
  const lookAll = async (): Promise<void> => {
    await o.look?.();
    again();
  };
  const timer = setInterval(() => void lookAll(), lookEveryMs);
  timer.unref();
  void lookAll();
  return { again, stop: () => clearInterval(timer) };
}
