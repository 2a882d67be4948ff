import { problem } from "../../errors.ts";
import type { Item } from "../item.ts";
import { kinds } from "../kinds/index.ts";
import type { Vault } from "../vault.ts";

/** What became of an item that was to be renewed when it is due. */
export interface Renewal {
  readonly item: Item;
  readonly renewed: boolean;
}

/** The moment at which two thirds of a certificate's life are over. Throws `item_not_generated` for what has no life. */
export function dueAt(item: Item): Date {
  const from = new Date(item.facts["notBefore"] ?? Number.NaN);
  if (item.expires === undefined || Number.isNaN(from.getTime()))
    throw problem("item_not_generated", { name: item.name, title: kinds[item.kind].title });
  return new Date(from.getTime() + ((item.expires.getTime() - from.getTime()) * 2) / 3);
}

/**
 * Makes a certificate anew when two thirds of its life are over, with the same CA, in one write: so neither the platform
 * nor a gateway that runs has to be told. Throws `item_unknown`, and what `regenerate` throws for one that is not ours.
 */
export async function renewIfDue(vault: Vault, name: string, now: Date): Promise<Renewal> {
  const item = vault.get(name);
  const { regenerate, title } = kinds[item.kind];
  if (regenerate === undefined) throw problem("item_not_generated", { name, title });
  if (now < dueAt(item)) return { item, renewed: false };
  const draft = await regenerate(item, now);
  return { item: await vault.replace(name, draft, { action: "renew", of: item }), renewed: true };
}
