import type { Command } from "commander";
import type { Config, IdentityPlace } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { problem } from "../../errors.ts";
import { recorded } from "../../vault/audit/audit.ts";
import { isWrapped, readIdentity, unwrap, writeIdentity } from "../../vault/identity/identity.ts";
import { readPassphrase } from "../../vault/identity/passphrase.ts";
import { readPrivate } from "../../vault/private-file.ts";
import { stores } from "../../vault/stores/index.ts";
import { dropUnlocked, keepUnlocked } from "../../vault/identity/unlocked.ts";
import { type Io, say } from "../io.ts";
import { newPassphrase, passphraseFileOption } from "../passphrase.ts";
import { configFile } from "../place.ts";
import { subcommand } from "../subcommand.ts";
import { recorderOf, unlockingOf } from "./vault-open.ts";

interface Options {
  readonly config?: string;
}

/** `postern vault unlock`, `lock` and `passphrase`: an identity that is encrypted, and its open copy in memory. */
export function lockCommands(io: Io): readonly Command[] {
  return [
    subcommand(
      "unlock",
      "open the identity once for all commands, until it is locked or the session ends",
      "postern vault unlock",
    ).action((o: Options) => unlock(io, o)),
    subcommand("lock", "have commands ask for the passphrase again", "postern vault lock").action(
      (o: Options) => lock(io, o),
    ),
    subcommand(
      "passphrase",
      "encrypt the identity's file, or change its passphrase",
      "postern vault passphrase",
    )
      .option(...passphraseFileOption)
      .option("--remove", "write the identity without a passphrase again")
      .action((o: Options & { passphraseFile?: string; remove?: true }) => change(io, o)),
  ];
}

async function unlock(io: Io, o: Options): Promise<void> {
  const config = await loadConfig(configFile(io, o.config));
  const { place, bytes } = await identityFile(config);
  refuseOpen(place, bytes);
  const record = recorderOf(io, config, "vault unlock");
  const file = await recorded(record, { action: "unlock" }, async () => {
    const passphrase = await readPassphrase(place.passphrase, place.file, unlockingOf(io));
    const { key } = await unwrap(bytes, place.file, passphrase);
    return keepUnlocked(io.env, bytes, key);
  });
  say(
    io,
    `unlocked: ${file} holds the identity, in memory, until postern vault lock or the end of the session`,
  );
}

async function lock(io: Io, o: Options): Promise<void> {
  const config = await loadConfig(configFile(io, o.config));
  const { place, bytes } = await identityFile(config);
  refuseOpen(place, bytes);
  const dropped = await dropUnlocked(io.env, bytes);
  if (dropped) recorderOf(io, config, "vault lock")({ action: "lock" });
  say(io, dropped ? "locked" : "it was locked already");
  say(io, "a gateway that runs keeps the identity in its memory: postern serve ends with SIGTERM");
}

async function change(io: Io, o: Options & { passphraseFile?: string; remove?: true }): Promise<void> {
  const config = await loadConfig(configFile(io, o.config));
  const { place, bytes } = await identityFile(config);
  if (o.remove && !isWrapped(bytes))
    throw problem("usage", { message: `${place.file} has no passphrase`, hint: "nothing is to be done" });
  await recorded(recorderOf(io, config, "vault passphrase"), { action: "passphrase" }, async () => {
    const identity = await readIdentity(place, unlockingOf(io));
    const passphrase = o.remove ? undefined : await newPassphrase(io, place.file, o.passphraseFile);
    await stores.file(config.vault).locked(async () => {
      // While the passphrase was typed, a rekey may have put the only identity there that still opens the vault.
      if (!bytes.equals((await readPrivate(place.file)) ?? Buffer.alloc(0)))
        throw problem("file_unwritable", {
          file: place.file,
          reason: "another command has changed it meanwhile",
        });
      await dropUnlocked(io.env, bytes);
      await writeIdentity(place, identity, { now: new Date(), passphrase });
    });
  });
  if (o.remove) say(io, `${place.file} has no passphrase any more: whoever reads it opens the vault`);
  else {
    say(io, `${place.file} is encrypted with the passphrase`);
    say(
      io,
      "copies that were made of it before are not; remove them, or replace the identity: postern vault rekey",
    );
  }
}

/** The file of the identity as it is. Throws `usage` where it is in the keyring, which has a lock of its own. */
async function identityFile({ identity: place }: Config): Promise<{
  place: Extract<IdentityPlace, { file: string }>;
  bytes: Buffer;
}> {
  if ("keyring" in place)
    throw problem("usage", {
      message: `the identity is in the keyring, as ${place.keyring}`,
      hint: "the keyring is locked and unlocked with the session, or by the system's own program",
    });
  const bytes = await readPrivate(place.file);
  if (bytes === undefined) throw problem("vault_locked", { identity: place.file });
  return { place, bytes };
}

function refuseOpen({ file }: { readonly file: string }, bytes: Buffer): void {
  if (isWrapped(bytes)) return;
  throw problem("usage", {
    message: `${file} has no passphrase, so there is nothing to lock: whoever reads it opens the vault`,
    hint: "encrypt it with postern vault passphrase",
  });
}
