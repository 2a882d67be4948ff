import type { Config } from "../config/config.ts";
import { endpointsWith } from "../config/users.ts";
import { problem } from "../errors.ts";
import { expiriesOf } from "../vault/renewal/expiry.ts";
import type { Item } from "../vault/item.ts";
import { kinds } from "../vault/kinds/index.ts";
import { type Line, lineOf } from "./lines.ts";

/** More would hide the other lines. */
const mostNamed = 5;

/** A problem for each name under `renew:` that the vault does not hold, or that cannot be renewed here. */
function renewLines(config: Config, items: readonly Item[]): readonly Line[] {
  return config.renew.flatMap((name) => {
    const item = items.find((item) => item.name === name);
    if (item === undefined) {
      const known = items.map(({ name }) => name);
      return [lineOf("renew", problem("item_unknown", { name, known }))];
    }
    if (item.secrets["caKey"] !== undefined) return [];
    return [lineOf("renew", problem("item_not_generated", { name, title: kinds[item.kind].title }))];
  });
}

/**
 * What expires when, and what stands in the way of its renewal: a warning for each item that has expired or soon will and that no endpoint names (an endpoint's own
 * line warns of its items), and a note of what comes next.
 */
export function expiryLines(config: Config, items: readonly Item[], now: Date): readonly Line[] {
  const all = expiriesOf(items, now);
  const warnings = all
    .filter(({ item, state }) => state !== "later" && endpointsWith(config, item).length === 0)
    .map(({ item, state, when }): Line => {
      const text = state === "expired" ? `"${item}" expired ${when}` : `"${item}" expires ${when}`;
      return {
        level: "warning",
        subject: "expiry",
        text: `${text}; no endpoint uses it`,
        wayOut: `postern vault rotate ${item}, or postern vault remove ${item}`,
      };
    });
  const next = all.filter(({ state }) => state !== "expired");
  const lines = [...renewLines(config, items), ...warnings];
  if (next.length === 0) return lines;
  const named = next
    .slice(0, mostNamed)
    .map(({ item, expires }) => `${item} on ${expires.toISOString().slice(0, 10)}`);
  const more = next.length > mostNamed ? `, and ${next.length - mostNamed} later` : "";
  return [...lines, { level: "note", subject: "expiry", text: `next: ${named.join(", ")}${more}` }];
}
