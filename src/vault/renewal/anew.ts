import { problem } from "../../errors.ts";
import type { Draft, Item } from "../item.ts";
import { kinds } from "../kinds/index.ts";

/** Whether `madeAnew` can make a value for this item; it may still find that the item's CA is at its end. */
export function canBeMadeAnew(item: Item): boolean {
  const { generate, regenerate, madeHere } = kinds[item.kind];
  return (regenerate ?? generate) !== undefined && madeHere?.(item) !== false;
}

/** A new value that is generated for an item, with the parameters of the old one. Throws `item_not_generated`. */
export async function madeAnew(old: Item, now: Date): Promise<Draft> {
  const { generate, regenerate, title } = kinds[old.kind];
  if (regenerate !== undefined) return regenerate(old, now);
  if (generate !== undefined) return generate({ name: old.name, now });
  throw problem("item_not_generated", { name: old.name, title });
}

/** What is no secret of an item, for a new value that a person gives: it stays unless it is given too. */
export const keptFacts = (old: Item): Readonly<Record<string, string>> =>
  Object.fromEntries(
    kinds[old.kind].fields.flatMap(({ name, secret }) => {
      const fact = secret ? undefined : old.facts[name];
      return fact === undefined ? [] : [[name, fact] as const];
    }),
  );
