import type { Command } from "commander";
import type { IdentityPlace } from "../../config/config.ts";
import type { Secret } from "../../secret.ts";
import { isWrapped, nameOfPlace, writeIdentity } from "../../vault/identity/identity.ts";
import { readPrivate } from "../../vault/private-file.ts";
import { dropUnlocked } from "../../vault/identity/unlocked.ts";
import { type Io, say } from "../io.ts";
import { newPassphrase, passphraseFileOption } from "../passphrase.ts";
import { subcommand } from "../subcommand.ts";
import { openFor } from "./vault-open.ts";

/** `postern vault rekey`: a new identity, in the place and the form of the old one. */
export function defineRekey(io: Io): Command {
  return subcommand(
    "rekey",
    "make a new identity and new keys; the old identity opens the vault no more",
    "postern vault rekey",
  )
    .option(...passphraseFileOption)
    .action((o: { config?: string; passphraseFile?: string }) => rekey(io, o));
}

async function rekey(io: Io, o: { config?: string; passphraseFile?: string }): Promise<void> {
  const { config, vault } = await openFor(io, o.config, "vault rekey");
  const place = config.identity;
  const passphrase = await passphraseFor(io, place, o.passphraseFile);
  const others = vault.recipients().filter(({ recipient }) => recipient !== vault.openedWith);
  await vault.rekey((identity) => writeIdentity(place, identity, { now: new Date(), passphrase }));
  say(io, `${nameOfPlace(place)} holds a new identity; the old one opens ${vault.file} no more`);
  say(
    io,
    "its backups were removed, since the old one opens them; keep a copy of the new one in a safe place",
  );
  say(io, "a gateway that runs has the old one in its memory, and sees no change of the vault: restart it");
  for (const { name } of others)
    say(io, `"${name}" has to confirm the vault once more, with its own identity: postern vault confirm`);
}

/** An identity that is encrypted stays so. Its open copy goes: it is of the old one. */
async function passphraseFor(
  io: Io,
  place: IdentityPlace,
  file: string | undefined,
): Promise<Secret | undefined> {
  const bytes = "file" in place ? await readPrivate(place.file) : undefined;
  const wrapped = bytes !== undefined && isWrapped(bytes);
  const passphrase =
    wrapped || file !== undefined ? await newPassphrase(io, nameOfPlace(place), file) : undefined;
  if (wrapped) await dropUnlocked(io.env, bytes);
  return passphrase;
}
