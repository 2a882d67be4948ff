import type { Config } from "../../config/config.ts";
import type { Item } from "../item.ts";
import { asked } from "./token-asked.ts";
import type { Vault } from "../vault.ts";

/**
 * The vault's items; those of these names whose value comes from a source are asked for it first, once. A source that
 * gives none says so when its item is used.
 *
 * @param stop ends the commands that are sources
 */
export async function askedItems(
  vault: Vault,
  names: readonly string[],
  stop?: AbortSignal,
): Promise<() => readonly Item[]> {
  const named = vault.items().filter(({ name }) => names.includes(name));
  const known = await Promise.all(named.map((item) => asked(item, stop)));
  return () => vault.items().map((item) => known.find((one) => isSame(one, item)) ?? item);
}

const isSame = (one: Item, other: Item): boolean =>
  one.name === other.name && one.changed.getTime() === other.changed.getTime();

/** The same, by name. */
export async function askedAmong(
  vault: Vault,
  names: readonly string[],
  stop?: AbortSignal,
): Promise<(name: string) => Item | undefined> {
  const items = (await askedItems(vault, names, stop))();
  return (name) => items.find((item) => item.name === name);
}

/** The same for what the endpoints use. */
export const askedForEndpoints = (
  vault: Vault,
  { endpoints }: Config,
  stop?: AbortSignal,
): ReturnType<typeof askedAmong> =>
  askedAmong(
    vault,
    [...endpoints.values()].flatMap(({ credentials }) => credentials),
    stop,
  );
