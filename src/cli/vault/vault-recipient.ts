import { Command } from "commander";
import { Exit, type Io, say, sayJson, table } from "../io.ts";
import { subcommand } from "../subcommand.ts";
import { loadConfig } from "../../config/load.ts";
import { problem } from "../../errors.ts";
import { openVault, type Vault } from "../../vault/vault.ts";
import { configFile } from "../place.ts";
import { askLine, isInteractive } from "../prompt.ts";
import { openConfigured, recorderOf, unlockingOf } from "./vault-open.ts";

interface Options {
  readonly config?: string;
}

/** `postern vault recipient`: who can open the vault. */
export function defineRecipient(io: Io): Command {
  return new Command("recipient")
    .description("list, add and remove those who can open the vault")
    .addCommand(
      subcommand("list", "list the recipients", "postern vault recipient list")
        .option("--json", "print JSON")
        .action((o: Options & { json?: true }) => list(io, o)),
    )
    .addCommand(
      subcommand(
        "add",
        "seal the vault for one more: a person, a machine, a recovery key",
        "postern vault recipient add laptop age1…",
      )
        .argument("<name>", "a name for it")
        .argument("<recipient>", "its public key, as age-keygen prints it")
        .action((name: string, recipient: string, o: Options) => add(io, name, recipient, o)),
    )
    .addCommand(
      subcommand(
        "remove",
        "seal the vault without one, and with new keys",
        "postern vault recipient remove laptop",
      )
        .argument("<name>", "its name")
        .action((name: string, o: Options) => remove(io, name, o)),
    )
    .addHelpText("after", "\nExample: postern vault recipient add recovery age1…");
}

/** `postern vault confirm`: what a new recipient says once. */
export function defineConfirm(io: Io): Command {
  return subcommand(
    "confirm",
    "trust a vault that somebody else has sealed for this identity",
    "postern vault confirm",
  )
    .option("--yes", "do not ask")
    .action((o: Options & { yes?: true }) => confirm(io, o));
}

async function confirm(io: Io, o: Options & { yes?: true }): Promise<void> {
  const config = await loadConfig(configFile(io, o.config));
  const vault = await openVault({
    file: config.vault,
    identity: config.identity,
    unlocking: unlockingOf(io),
    record: recorderOf(io, config, "vault confirm"),
    confirming: true,
  });
  const { file, generation, openedWith } = vault;
  if (vault.recipients().some(({ recipient, trust }) => recipient === openedWith && trust !== undefined))
    return say(io, `${file} is trusted already`);
  const count = vault.items().length;
  say(
    io,
    `${file} is at generation ${generation}, has ${count} ${count === 1 ? "item" : "items"}, and is sealed for`,
  );
  say(io, tableOf(vault));
  if (!o.yes) {
    if (!isInteractive(io))
      throw problem("usage", {
        message: "the vault was not confirmed: nobody is there to say that it is to be trusted",
        hint: "compare the recipients with whoever gave it to you, then confirm it with --yes",
      });
    const typed = await askLine(
      io,
      "Anybody who knows your public key can have made it. Type yes if you know who did:",
    );
    if (typed !== "yes") {
      io.stderr.write("nothing was confirmed\n");
      throw new Exit(1);
    }
  }
  await vault.confirm();
  say(io, `${file} is trusted from now on; its items: postern vault list`);
}

async function list(io: Io, o: Options & { json?: true }): Promise<void> {
  const vault = await openConfigured(io, o.config, "vault recipient list");
  if (o.json) return sayJson(io, rowsOf(vault));
  say(io, tableOf(vault));
}

const rowsOf = (vault: Vault) =>
  vault.recipients().map(({ name, recipient, trust }) => ({
    name,
    recipient,
    confirmed: trust !== undefined || recipient === vault.openedWith,
    self: recipient === vault.openedWith,
  }));

function tableOf(vault: Vault): string {
  const cells = rowsOf(vault).map(({ name, recipient, confirmed, self }) => [
    name,
    recipient,
    self ? "this identity" : confirmed ? "has confirmed the vault" : "has not confirmed the vault yet",
  ]);
  return table([["NAME", "RECIPIENT", ""], ...cells]);
}

async function add(io: Io, name: string, recipient: string, o: Options): Promise<void> {
  const vault = await openConfigured(io, o.config, "vault recipient add");
  await vault.addRecipient(name, recipient);
  say(io, `${vault.file} is sealed for "${name}" too`);
  say(io, `with that identity, age reads it at once; Postern does after: postern vault confirm`);
}

async function remove(io: Io, name: string, o: Options): Promise<void> {
  const vault = await openConfigured(io, o.config, "vault recipient remove");
  const left = await vault.removeRecipient(name);
  say(io, `${vault.file} is sealed without "${name}", and its backups were removed`);
  say(io, "what it has read already it knows: rotate the items that it must not use any more");
  for (const other of left.filter(({ recipient }) => recipient !== vault.openedWith))
    say(io, `"${other.name}" has to confirm the vault once more: postern vault confirm`);
}
