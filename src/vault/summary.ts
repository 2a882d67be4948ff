import type { Item } from "./item.ts";
import { kinds } from "./kinds/index.ts";
import { withoutStale } from "./renewal/rotation.ts";
import { describeSource, sourceOf } from "./tokens/token-source.ts";

/** The main value as the platform's page shows it, or the source that it comes from. A PEM text begins as every other does, so nothing of it is shown. */
export function maskOf(item: Item): string {
  const source = sourceOf(item);
  if (source !== undefined) return `from the ${describeSource(source)}`;
  const value = kinds[item.kind].reveal(item);
  return value.expose().startsWith("-----BEGIN ") ? "********" : value.mask();
}

/** The request of an item that waits for its answer, and cannot be used until then. */
export const requestOf = (item: Item): string | undefined => kinds[item.kind].request?.pending(item);

/** What may be shown of an item. */
export function summaryOf(item: Item, now: Date) {
  const { previous } = withoutStale(item, now);
  return {
    name: item.name,
    kind: item.kind,
    mask: maskOf(item),
    created: item.created.toISOString(),
    changed: item.changed.toISOString(),
    ...(item.expires !== undefined && { expires: item.expires.toISOString() }),
    ...(previous !== undefined && { previousUntil: previous.until.toISOString() }),
    ...(requestOf(item) !== undefined && { waits: true as const }),
    facts: item.facts,
  };
}
