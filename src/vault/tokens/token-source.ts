import { formatDuration, parseDuration } from "../../config/quantities.ts";
import type { Item } from "../item.ts";

/** Where an item's token comes from that the vault does not hold itself. */
export type TokenSource =
  /** A file that somebody else writes; without a time to live, what it held last is good for ever. */
  | { readonly file: string; readonly ttlMs: number | undefined }
  /** What `/bin/sh -c` is given; its output is the token, and good for so long. */
  | { readonly command: string; readonly ttlMs: number };

/** A shorter one would have the command run all the time. */
export const shortestTtlMs = 1000;

/** The facts by which an item names its source. */
export const factsOfSource = (source: TokenSource): Record<string, string> => ({
  ...("file" in source ? { sourceFile: source.file } : { sourceCommand: source.command }),
  ...(source.ttlMs !== undefined && { sourceTtl: formatDuration(source.ttlMs) }),
});

/** The source that an item names; undefined for one that holds its value itself. */
export function sourceOf({ facts }: Pick<Item, "facts">): TokenSource | undefined {
  const { sourceFile: file, sourceCommand: command, sourceTtl: ttl } = facts;
  const read = ttl === undefined ? undefined : parseDuration(ttl);
  // What this program has not written lives as short as can be, and not for ever.
  const ttlMs = read === undefined ? undefined : "value" in read ? read.value : shortestTtlMs;
  if (file !== undefined) return { file, ttlMs };
  return command === undefined ? undefined : { command, ttlMs: Math.max(ttlMs ?? 0, shortestTtlMs) };
}

/** A few words for a list. */
export function describeSource(source: TokenSource): string {
  if ("file" in source) return `file ${source.file}`;
  const { command } = source;
  return `command ${command.length > 40 ? `${command.slice(0, 39)}…` : command}`;
}
