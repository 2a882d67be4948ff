import { Command } from "commander";
import { renameCredential } from "../config/edit.ts";
import { loadConfig } from "../config/load.ts";
import { editConfig } from "../config/write.ts";
import { problem } from "../errors.ts";
import { type Item, kindNames } from "../vault/item.ts";
import { kinds } from "../vault/kinds/index.ts";
import { Exit, type Io, say, sayJson, table } from "./io.ts";
import { configFile, configOption } from "./place.ts";
import { askLine, isInteractive } from "./prompt.ts";
import { defineAdd } from "./vault-add.ts";
import { saveDownload } from "./vault-download.ts";
import { endpointsWith, openConfigured, openVaultOf } from "./vault-open.ts";

interface Place {
  readonly config?: string;
}

/** `postern vault`: the credentials, from the command line. */
export function define(io: Io): Command {
  return new Command("vault")
    .description("add, list, show, download, rename and remove credentials")
    .addCommand(defineAdd(io))
    .addCommand(
      subcommand("list", "list the items", "postern vault list --json")
        .option("--json", "print JSON")
        .action((o: Place & { json?: true }) => list(io, o)),
    )
    .addCommand(
      subcommand("show", "show one item, its secret masked", "postern vault show gen-cert --reveal")
        .argument("<name>", "the item's name")
        .option("--reveal", "print the secret too")
        .option("--json", "print JSON")
        .action((name: string, o: Place & { reveal?: true; json?: true }) => show(io, name, o)),
    )
    .addCommand(
      subcommand(
        "download",
        "write an item's file, such as NAME.pem",
        "postern vault download gen-cert --out ~/certs",
      )
        .argument("<name>", "the item's name")
        .option("--out <dir>", "the folder to write it into", ".")
        .option("--stdout", "write it to standard output instead")
        .action((name: string, o: Place & { out: string; stdout?: true }) => download(io, name, o)),
    )
    .addCommand(
      subcommand(
        "rename",
        "rename an item, in postern.yaml too",
        "postern vault rename gen-cert private-2-cert",
      )
        .argument("<old>", "its name")
        .argument("<new>", "its new name")
        .action((from: string, to: string, o: Place) => rename(io, from, to, o)),
    )
    .addCommand(
      subcommand("remove", "remove an item", "postern vault remove gen-cert --yes")
        .argument("<name>", "the item's name")
        .option("--yes", "do not ask")
        .action((name: string, o: Place & { yes?: true }) => remove(io, name, o)),
    )
    .addHelpText("after", "\nExample: postern vault add bearer-token my-token --stdin < token.txt");
}

const subcommand = (name: string, description: string, example: string): Command =>
  new Command(name)
    .description(description)
    .option(...configOption)
    .addHelpText("after", `\nExample: ${example}`);

async function list(io: Io, o: Place & { json?: true }): Promise<void> {
  const vault = await openConfigured(io, o.config);
  // By kind in the menu's order, then by name.
  const items = vault
    .items()
    .toSorted((a, b) => kindNames.indexOf(a.kind) - kindNames.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
  if (o.json) return sayJson(io, items.map(summaryOf));
  if (items.length === 0) return say(io, "the vault is empty; add an item: postern vault add --help");
  const day = (date: Date | undefined) => date?.toISOString().slice(0, 10) ?? "";
  const rows = items.map((item) => [
    item.kind,
    item.name,
    maskOf(item),
    day(item.created),
    day(item.expires),
  ]);
  say(io, table([["KIND", "NAME", "VALUE", "CREATED", "EXPIRES"], ...rows]));
}

async function show(io: Io, name: string, o: Place & { reveal?: true; json?: true }): Promise<void> {
  const item = (await openConfigured(io, o.config)).get(name);
  const revealed = o.reveal ? kinds[item.kind].reveal(item).expose() : undefined;
  if (o.json) return sayJson(io, { ...summaryOf(item), ...(revealed !== undefined && { value: revealed }) });
  const facts = Object.entries({ ...item.facts, value: revealed ?? maskOf(item) });
  const { kind, created, changed, expires } = summaryOf(item);
  const rows = Object.entries({ kind, name, created, changed, ...(expires !== undefined && { expires }) });
  say(io, table([...rows, ...facts.filter(([, fact]) => !fact.includes("\n"))]));
  for (const [field, text] of facts.filter(([, fact]) => fact.includes("\n")))
    say(io, `\n${field}\n${text.trimEnd()}`);
}

async function download(io: Io, name: string, o: Place & { out: string; stdout?: true }): Promise<void> {
  const item = (await openConfigured(io, o.config)).get(name);
  const file = kinds[item.kind].download(item);
  if (o.stdout) io.stdout.write(file.content.expose());
  else say(io, `wrote ${await saveDownload(io, file, o.out)}`);
}

async function rename(io: Io, from: string, to: string, o: Place): Promise<void> {
  const file = configFile(io, o.config);
  const config = await loadConfig(file);
  const vault = await openVaultOf(config);
  // The vault would call the name taken, and have the item removed.
  if (vault.get(from).name === to)
    throw problem("usage", { message: `"${from}" has this name already`, hint: "give a new one" });
  await vault.rename(from, to);
  const users = endpointsWith(config, from);
  if (users.length > 0) {
    try {
      await editConfig(file, (text) => renameCredential(text, from, to));
    } catch (error) {
      // Both files or none: an endpoint must not be left without its credential.
      await vault.rename(to, from);
      throw error;
    }
  }
  say(io, `renamed "${from}" to "${to}"`);
  for (const endpoint of users) say(io, `the endpoint "${endpoint}" names it so too, in ${config.file}`);
}

async function remove(io: Io, name: string, o: Place & { yes?: true }): Promise<void> {
  const config = await loadConfig(configFile(io, o.config));
  const vault = await openVaultOf(config);
  const { kind } = vault.get(name);
  const users = endpointsWith(config, name).map((endpoint) => `"${endpoint}"`);
  const breaks =
    users.length > 0 ? `; it is used by ${users.join(", ")}, which cannot be called without it` : "";
  if (!o.yes) {
    if (!isInteractive(io))
      throw problem("usage", {
        message: `"${name}" (${kind}) was not removed: nobody is there to confirm it${breaks}`,
        hint: "confirm it with --yes",
      });
    const typed = await askLine(io, `Remove "${name}" (${kind})${breaks}. Type its name to confirm:`);
    if (typed !== name) {
      io.stderr.write("nothing was removed\n");
      throw new Exit(1);
    }
  }
  await vault.remove(name);
  say(io, `removed "${name}" (${kind})${breaks}`);
}

/** The main value as the platform's page shows it. A PEM text begins as every other does, so nothing of it is shown. */
function maskOf(item: Item): string {
  const value = kinds[item.kind].reveal(item);
  return value.expose().startsWith("-----BEGIN ") ? "********" : value.mask();
}

/** What may be shown of an item. */
const summaryOf = (item: Item) => ({
  name: item.name,
  kind: item.kind,
  mask: maskOf(item),
  created: item.created.toISOString(),
  changed: item.changed.toISOString(),
  ...(item.expires !== undefined && { expires: item.expires.toISOString() }),
  facts: item.facts,
});
