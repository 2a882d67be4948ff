import { z } from "zod";
import { problem } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { macFits, macOf } from "./mac.ts";

/** Which generation of which vault was seen last. It lies beside the vault, and shows when the vault went back. */
export interface Mark {
  readonly vault: string;
  readonly generation: number;
  /** SHA-256 of the generation's body, in hex. */
  readonly hash: string;
}

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const Stored = z.strictObject({ vault: z.uuid(), generation: z.int().min(1), sha256: hex, mac: hex });

const signed = ({ vault, generation, hash }: Mark): string => `${vault}\n${generation}\n${hash}\n`;

export function formatMark(mark: Mark, identityKey: Secret): string {
  const { vault, generation, hash } = mark;
  const stored = { vault, generation, sha256: hash, mac: macOf(identityKey, "mark", signed(mark)) };
  return `${JSON.stringify(stored, null, 2)}\n`;
}

/** Throws `vault_mark_invalid` for a mark that this identity did not make; `file` is its name for messages. */
export function parseMark(text: string, identityKey: Secret, file: string): Mark {
  const stored = Stored.safeParse(parsed(text));
  if (!stored.success)
    throw problem("vault_mark_invalid", { mark: file, reason: "it is not a mark that Postern wrote" });
  const { vault, generation, sha256: hash, mac } = stored.data;
  const mark = { vault, generation, hash };
  if (!macFits(mac, identityKey, "mark", signed(mark)))
    throw problem("vault_mark_invalid", { mark: file, reason: "it was made with another identity" });
  return mark;
}

/**
 * Compares a vault that was just read with what was seen before. Throws `vault_swapped` for another vault, or for the
 * same one with another history, and `vault_rolled_back` for an older generation.
 */
export function checkAgainst(
  seen: Mark,
  found: Mark & { readonly previous: string | null },
  names: { readonly file: string; readonly mark: string },
): void {
  if (found.vault !== seen.vault) throw problem("vault_swapped", names);
  if (found.generation < seen.generation)
    throw problem("vault_rolled_back", { ...names, found: found.generation, seen: seen.generation });
  const forked =
    (found.generation === seen.generation && found.hash !== seen.hash) ||
    (found.generation === seen.generation + 1 && found.previous !== seen.hash);
  if (forked) throw problem("vault_swapped", names);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
