import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { PosternError, problem, reasonOf } from "../../errors.ts";
import { type Audience, exported, exportedItems, type Opener, openerOf } from "../../vault/sealed/export.ts";
import { readIdentity } from "../../vault/identity/identity.ts";
import type { Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { checkRecipient } from "../../vault/identity/recipients.ts";
import { replace } from "../../replace.ts";
import { type Io, say, visible } from "../io.ts";
import { knownPassphrase, newPassphrase, passphraseFileOption } from "../passphrase.ts";
import { listed } from "../listed.ts";
import { subcommand } from "../subcommand.ts";
import { openFor, unlockingOf } from "./vault-open.ts";

interface ExportOptions {
  readonly config?: string;
  readonly items?: readonly string[];
  readonly recipient?: string;
  readonly passphraseFile?: string;
  readonly unsafePlain?: true;
}

/** `postern vault export`: items in a file for another vault. */
export function defineExport(io: Io): Command {
  return subcommand(
    "export",
    "write items into a file for another vault, encrypted for a passphrase or a recipient",
    "postern vault export for-ada.age --recipient age1…",
  )
    .argument("<file>", "the file to write")
    .option("--items <names...>", "only these items", listed)
    .option("--recipient <recipient>", "encrypt it for this age recipient")
    .option(...passphraseFileOption)
    .option("--unsafe-plain", "write it unencrypted: whoever reads the file has every credential in it")
    .action((file: string, o: ExportOptions) => exportItems(io, file, o));
}

async function exportItems(io: Io, name: string, o: ExportOptions): Promise<void> {
  const ways = [o.recipient, o.passphraseFile, o.unsafePlain].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw problem("usage", {
      message: "--recipient, --passphrase-file and --unsafe-plain: only one of them can say whom it is for",
      hint: "leave the others out",
    });
  if (o.recipient !== undefined) checkRecipient(o.recipient);
  const file = resolve(io.cwd, name);
  const { vault, record } = await openFor(io, o.config, "vault export");
  const items = o.items === undefined ? vault.items() : o.items.map((item) => vault.get(item));
  const audience = await audienceOf(io, file, o);
  for (const { name: item } of items) record({ action: "export", item, about: file });
  await replace(file, await exported(items, audience), { fresh: true });
  const count = `${items.length} ${items.length === 1 ? "item" : "items"}`;
  say(io, `wrote ${file}: ${count}${"everybody" in audience ? "" : ", encrypted"}`);
  if ("everybody" in audience)
    io.stderr.write(`warning: ${file} is not encrypted; remove it when it was used\n`);
}

async function audienceOf(io: Io, file: string, o: ExportOptions): Promise<Audience> {
  if (o.unsafePlain) return { everybody: true };
  if (o.recipient !== undefined) return { recipient: o.recipient };
  return { passphrase: await newPassphrase(io, file, o.passphraseFile) };
}

interface ImportOptions {
  readonly config?: string;
  readonly passphraseFile?: string;
  readonly replace?: true;
  readonly unsafeCommands?: true;
}

/** `postern vault import`: the other end of `export`. */
export function defineImport(io: Io): Command {
  return subcommand("import", "take over the items of an export", "postern vault import from-ada.age")
    .argument("<file>", "a file that vault export wrote")
    .option(
      "--passphrase-file <file>",
      "the file that holds the export's passphrase (default: it is asked for)",
    )
    .option("--replace", "put items in place of those that have the same names")
    .option("--unsafe-commands", "also take over tokens that come from commands, which are run here")
    .action((file: string, o: ImportOptions) => importItems(io, file, o));
}

async function importItems(io: Io, name: string, o: ImportOptions): Promise<void> {
  const { config, vault } = await openFor(io, o.config, "vault import");
  const file = resolve(io.cwd, name);
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw problem("file_unreadable", { file, reason: reasonOf(error) }, error);
  });
  let opener: Opener | undefined;
  const way = openerOf(text, file);
  if (way === "passphrase") opener = { passphrase: await knownPassphrase(io, file, o.passphraseFile) };
  if (way === "identity") opener = { identity: await readIdentity(config.identity, unlockingOf(io)) };
  const found = await exportedItems(text, file, opener);
  for (const item of found) checkImported(item, o);
  const items = await vault.import(found, { replace: o.replace === true });
  say(
    io,
    items.length === 0 ? `${file} holds no item` : `added ${items.map((item) => item.name).join(", ")}`,
  );
}

/** Whoever made the file may not be trusted with more than its items. Throws `value_invalid`, or as the item's kind does. */
function checkImported(item: Item, o: ImportOptions): void {
  const facts = [...Object.entries(item.facts), ...Object.entries(item.previous?.facts ?? {})];
  const [steering] = facts.find(([, fact]) => visible(fact) !== fact) ?? [];
  if (steering !== undefined)
    throw problem("value_invalid", {
      name: item.name,
      reason: `its ${steering} has a control character in it, which would reach the terminal`,
      fix: "have whoever made the file take it out",
    });
  recheck(item);
  const command = item.facts["sourceCommand"];
  if (command === undefined || o.unsafeCommands) return;
  throw problem("value_invalid", {
    name: item.name,
    reason: `it comes from a command that would be run here: ${visible(command)}`,
    fix: "if whoever made the file may run it: --unsafe-commands; otherwise have them leave it out",
  });
}

function recheck(item: Item): void {
  try {
    kinds[item.kind].recheck(item);
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    // It waits for its signature here as it did there.
    if (error.code === "certificate_waiting") return;
    if (error.code !== "field_invalid") throw error;
    // Where an item is added, an option of the command says it; here the file does.
    throw new PosternError(
      "value_invalid",
      [error.message, "have whoever made the file put it right"],
      error,
    );
  }
}
