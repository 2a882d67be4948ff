import { z } from "zod";
import { problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { jsonIn } from "./json.ts";
import { macFits, macOf } from "./mac.ts";

/** Which generation of which vault was seen last. It lies beside the vault, and shows when the vault went back. */
export interface Mark {
  readonly vault: string;
  readonly generation: number;
  /** The generation in which the vault's key came to be. */
  readonly keyed: number;
  /** SHA-256 of the generation's body, in hex. */
  readonly hash: string;
}

/** Names of the vault and of the mark, for messages. */
interface Names {
  readonly file: string;
  readonly mark: string;
}

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(1);
const Stored = z.strictObject({
  vault: z.uuid(),
  generation: count,
  // Absent in the mark of a vault of version 1, which has had one key.
  keyed: count.optional(),
  sha256: hex,
  mac: hex,
});

const signed = ({ vault, generation, hash }: Mark, keyed: number | undefined): string =>
  [vault, generation, ...(keyed === undefined ? [] : [keyed]), hash, ""].join("\n");

/** The mark's text; `key` is the vault's mark key. */
export function formatMark(mark: Mark, key: Secret): string {
  const { vault, generation, keyed, hash } = mark;
  const stored = { vault, generation, keyed, sha256: hash, mac: macOf(key, "mark", signed(mark, keyed)) };
  return `${JSON.stringify(stored, null, 2)}\n`;
}

/**
 * Throws `vault_mark_invalid` for a mark that was made with none of these keys, and `vault_swapped` where that is so
 * because it is another vault's than the one that was found.
 */
export function parseMark(text: string, keys: readonly Secret[], found: string, names: Names): Mark {
  const stored = Stored.safeParse(jsonIn(text));
  if (!stored.success)
    throw problem("vault_mark_invalid", { mark: names.mark, reason: "it is not a mark that Postern wrote" });
  const { vault, generation, keyed, sha256: hash, mac } = stored.data;
  const mark = { vault, generation, keyed: keyed ?? 1, hash };
  if (keys.some((key) => macFits(mac, key, "mark", signed(mark, keyed)))) return mark;
  if (vault !== found) throw problem("vault_swapped", names);
  throw problem("vault_mark_invalid", { mark: names.mark, reason: "it was altered" });
}

/**
 * Compares a vault that was just read with what was seen before. Throws `vault_swapped` for another vault, or for the
 * same one with another history, `vault_rolled_back` for an older generation, and `vault_forged` for a key that was given
 * up: those know it who are no longer to write.
 */
export function checkAgainst(
  seen: Mark,
  found: Mark & { readonly previous: string | null },
  names: Names,
): void {
  if (found.vault !== seen.vault) throw problem("vault_swapped", names);
  if (found.generation < seen.generation)
    throw problem("vault_rolled_back", { ...names, found: found.generation, seen: seen.generation });
  const forked =
    (found.generation === seen.generation && found.hash !== seen.hash) ||
    (found.generation === seen.generation + 1 && found.previous !== seen.hash);
  if (forked) throw problem("vault_swapped", names);
  if (found.keyed < seen.keyed)
    throw problem("vault_forged", { ...names, reason: "its key was given up in an earlier generation" });
}
