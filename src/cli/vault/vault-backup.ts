import { resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { restoreVault } from "../../vault/sealed/restore.ts";
import { type Io, say, sayJson, table } from "../io.ts";
import { configFile } from "../place.ts";
import { subcommand } from "../subcommand.ts";
import { openFor, recorderOf, unlockingOf } from "./vault-open.ts";

interface Options {
  readonly config?: string;
}

/** `postern vault backup`: a copy of the sealed vault, or the ones that Postern keeps by itself. */
export function defineBackup(io: Io): Command {
  return subcommand(
    "backup",
    "copy the sealed vault into a file; without one, list the backups that are kept by themselves",
    "postern vault backup /mnt/safe/vault-2026-01-31.age",
  )
    .argument("[file]", "the file to write")
    .option("--json", "print the list as JSON")
    .action((file: string | undefined, o: Options & { json?: true }) =>
      file === undefined ? list(io, o) : backup(io, file, o),
    );
}

/** `postern vault restore`: a backup in the vault's place. */
export function defineRestore(io: Io): Command {
  return subcommand(
    "restore",
    "put a backup in the vault's place, as its newest generation",
    "postern vault restore ~/.config/postern/vault.age.backups/00000007-1f2e3d4c.age",
  )
    .argument("<file>", "a backup")
    .action(async (name: string, o: Options) => {
      const config = await loadConfig(configFile(io, o.config));
      const restored = await restoreVault({
        file: config.vault,
        identity: config.identity,
        unlocking: unlockingOf(io),
        record: recorderOf(io, config, "vault restore"),
        backup: resolve(io.cwd, name),
      });
      const { items, generation, recipients } = restored;
      const count = `${items.length} ${items.length === 1 ? "item" : "items"}`;
      say(io, `${config.vault} holds the backup's ${count}, as generation ${generation}`);
      if (recipients.length > 1)
        say(
          io,
          `it is sealed for ${recipients.map(({ name }) => name).join(", ")}: postern vault recipient list`,
        );
    });
}

async function backup(io: Io, name: string, o: Options): Promise<void> {
  const { vault, record } = await openFor(io, o.config, "vault backup");
  const file = resolve(io.cwd, name);
  record({ action: "backup", about: file });
  await vault.copyTo(file);
  say(io, `wrote ${file}: the vault, sealed; it opens with the same identities, which belong elsewhere`);
}

async function list(io: Io, o: Options & { json?: true }): Promise<void> {
  const { vault } = await openFor(io, o.config, "vault backup");
  const rows = await vault.backups();
  if (o.json) return sayJson(io, rows);
  if (rows.length === 0) return say(io, "there is no backup yet; every change makes one");
  say(
    io,
    table([
      ["GENERATION", "ITEMS", "FILE"],
      ...rows.map(({ file, generation, items }) => [`${generation}`, `${items}`, file]),
    ]),
  );
}
