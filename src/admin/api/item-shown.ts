import type { Config } from "../../config/config.ts";
import { endpointsWith } from "../../config/users.ts";
import { PosternError } from "../../errors.ts";
import type { Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { partsOf } from "../../vault/kinds/parts.ts";
import { canBeMadeAnew } from "../../vault/renewal/anew.ts";
import { expiriesOf } from "../../vault/renewal/expiry.ts";
import { summaryOf } from "../../vault/summary.ts";
import { describeSource, sourceOf } from "../../vault/tokens/token-source.ts";
import type { Item as Shown } from "./shapes/item.ts";

/** What the API shows of an item. */
export function shownItem(item: Item, config: Config, now: Date): Shown {
  const { waits = false, ...summary } = summaryOf(item, now);
  const [expiry] = expiriesOf([item], now);
  const source = sourceOf(item);
  return {
    ...summary,
    waits,
    ...(expiry !== undefined && { expiry: expiry.state }),
    endpoints: [...endpointsWith(config, item.name)],
    renewable: !waits && canBeMadeAnew(item),
    ...(source !== undefined && { source: describeSource(source) }),
    downloads: partsOf(kinds[item.kind])
      .filter(({ file }) => source !== undefined || isThere(() => file(item)))
      .map(({ name }) => name),
  };
}

/** The same for lists, which are asked for again and again. */
export function shownInList(item: Item, config: Config, now: Date): Shown {
  const { facts, ...shown } = shownItem(item, config, now);
  return {
    ...shown,
    facts: Object.fromEntries(Object.entries(facts).filter(([, fact]) => !fact.includes("\n"))),
  };
}

function isThere(look: () => unknown): boolean {
  try {
    look();
    return true;
  } catch (error) {
    if (error instanceof PosternError) return false;
    throw error;
  }
}
