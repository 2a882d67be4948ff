import { Secret } from "../../secret.ts";
import type { Item } from "../item.ts";
import { bare, tokenFault } from "../kinds/value.ts";
import { SourceFault } from "./source-fault.ts";
import { runTokenCommand } from "./token-command.ts";
import { readTokenFile } from "./token-file.ts";
import { sourceOf, type TokenSource } from "./token-source.ts";

/**
 * The token that a source gives now.
 *
 * @throws SourceFault
 */
export async function askSource(source: TokenSource, stop: AbortSignal): Promise<Secret> {
  const given =
    "file" in source ? await readTokenFile(source.file) : await runTokenCommand(source.command, stop);
  const text = bare(given);
  const what = "file" in source ? "its file" : "the output of its command";
  if (text === "") throw new SourceFault(`${what} is empty`);
  const fault = tokenFault(text);
  if (fault !== undefined) throw new SourceFault(`${what} is no token: ${fault.reason}`);
  return new Secret(text);
}

/**
 * An item with the value that its source gives now; one without a source as it is. Where the source gives none, `live`
 * says why, and so does whoever uses the item.
 *
 * @param stop ends a command that is the source
 */
export async function asked(item: Item, stop = new AbortController().signal): Promise<Item> {
  const source = sourceOf(item);
  if (source === undefined) return item;
  try {
    return { ...item, secrets: { value: await askSource(source, stop) } };
  } catch (error) {
    if (!(error instanceof SourceFault)) throw error;
    return { ...item, live: { untilMs: -Infinity, fault: error.message, renew: async () => {} } };
  }
}
