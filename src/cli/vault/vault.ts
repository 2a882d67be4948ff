import { Command } from "commander";
import { renameCredential } from "../../config/edit.ts";
import { endpointsWith } from "../../config/users.ts";
import { editConfig } from "../../config/write.ts";
import { problem } from "../../errors.ts";
import { inMenuOrder } from "../../vault/item.ts";
import { recorded } from "../../vault/audit/audit.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { maskOf, requestOf, summaryOf } from "../../vault/summary.ts";
import { asked } from "../../vault/tokens/token-asked.ts";
import { Exit, type Io, say, sayJson, table, visible } from "../io.ts";
import { configFile } from "../place.ts";
import { askLine, isInteractive } from "../prompt.ts";
import { subcommand } from "../subcommand.ts";
import { defineAdd } from "./vault-add.ts";
import { defineBackup, defineRestore } from "./vault-backup.ts";
import { defineDownload } from "./vault-download.ts";
import { defineImportEnv } from "./vault-import-env.ts";
import { defineExport, defineImport } from "./vault-export.ts";
import { lockCommands } from "./vault-lock.ts";
import { openFor } from "./vault-open.ts";
import { defineConfirm, defineRecipient } from "./vault-recipient.ts";
import { defineRekey } from "./vault-rekey.ts";
import { defineRenew } from "./vault-renew.ts";
import { defineRotate } from "./vault-rotate.ts";
import { defineRequest } from "./vault-request.ts";

interface Place {
  readonly config?: string;
}

/** `postern vault`: the credentials, from the command line. */
export function define(io: Io): Command {
  const command = new Command("vault")
    .description("keep credentials: add, show, rotate and remove them, and look after the vault itself")
    .addCommand(defineAdd(io))
    .addCommand(defineImportEnv(io))
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
    .addCommand(defineRequest(io))
    .addCommand(defineDownload(io))
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
    .addCommand(defineRotate(io))
    .addCommand(defineRenew(io))
    .addCommand(defineBackup(io))
    .addCommand(defineRestore(io))
    .addCommand(defineExport(io))
    .addCommand(defineImport(io))
    .addCommand(defineRecipient(io))
    .addCommand(defineConfirm(io))
    .addCommand(defineRekey(io))
    .addHelpText("after", "\nExample: postern vault add bearer-token my-token --stdin < token.txt");
  for (const locking of lockCommands(io)) command.addCommand(locking);
  return command;
}

async function list(io: Io, o: Place & { json?: true }): Promise<void> {
  const { vault, record } = await openFor(io, o.config, "vault list");
  record({ action: "list" });
  const items = vault.items().toSorted(inMenuOrder);
  if (o.json)
    return sayJson(
      io,
      items.map((item) => summaryOf(item, new Date())),
    );
  if (items.length === 0) return say(io, "the vault is empty; add an item: postern vault add --help");
  const day = (date: Date | undefined) => date?.toISOString().slice(0, 10) ?? "";
  const rows = items.map((item) => [
    item.kind,
    item.name,
    maskOf(item),
    day(item.created),
    requestOf(item) === undefined ? day(item.expires) : "not signed yet",
  ]);
  say(io, table([["KIND", "NAME", "VALUE", "CREATED", "EXPIRES"], ...rows]));
}

async function show(io: Io, name: string, o: Place & { reveal?: true; json?: true }): Promise<void> {
  const { vault, record } = await openFor(io, o.config, "vault show");
  const item = await recorded(record, { action: o.reveal ? "reveal" : "show", item: name }, () =>
    vault.get(name),
  );
  const revealed = o.reveal ? kinds[item.kind].reveal(await asked(item, io.ended)).expose() : undefined;
  if (o.json)
    return sayJson(io, {
      ...summaryOf(item, new Date()),
      ...(revealed !== undefined && { value: revealed }),
    });
  const facts = Object.entries(item.facts).map(([field, fact]): [string, string] => [field, visible(fact)]);
  facts.push(["value", revealed ?? maskOf(item)]);
  const { kind, created, changed, expires, previousUntil, waits } = summaryOf(item, new Date());
  const rows = Object.entries({
    kind,
    name,
    created,
    changed,
    ...(expires !== undefined && { expires }),
    ...(previousUntil !== undefined && { "old value": `kept until ${previousUntil}` }),
    ...(waits === true && { waits: `for its signature; then: postern vault add ${kind} ${name} --pem FILE` }),
  });
  say(io, table([...rows, ...facts.filter(([, fact]) => !fact.includes("\n"))]));
  for (const [field, text] of facts.filter(([, fact]) => fact.includes("\n")))
    say(io, `\n${field}\n${text.trimEnd()}`);
}

async function rename(io: Io, from: string, to: string, o: Place): Promise<void> {
  const file = configFile(io, o.config);
  const { config, vault } = await openFor(io, file, "vault rename");
  // The vault would call the name taken, and have the item removed.
  if (vault.get(from).name === to)
    throw problem("usage", { message: `"${from}" has this name already`, hint: "give a new one" });
  const users = endpointsWith(config, from);
  using _ = io.hold();
  await vault.rename(from, to, async () => {
    await editConfig(file, (text) => renameCredential(text, from, to));
  });
  say(io, `renamed "${from}" to "${to}"`);
  for (const endpoint of users) say(io, `the endpoint "${endpoint}" names it so too, in ${config.file}`);
}

async function remove(io: Io, name: string, o: Place & { yes?: true }): Promise<void> {
  const { config, vault } = await openFor(io, o.config, "vault remove");
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
