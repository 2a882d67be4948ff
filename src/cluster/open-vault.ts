import type { Config, PassphrasePlace } from "../config/config.ts";
import { problem } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { readPassphrase, type Unlocking } from "../vault/identity/passphrase.ts";
import { openVault, type Vault } from "../vault/vault.ts";

/** An open vault, and what its identity was unlocked with. */
export interface Opened {
  readonly vault: Vault;
  /** Undefined where the identity is not encrypted. */
  readonly passphrase: Secret | undefined;
}

/**
 * Opens the vault that a configuration names: for a process that serves, and for each of its workers, here alone. The
 * passphrase is asked for once, from where the configuration says, and kept for the workers: a terminal is there for
 * one, and a descriptor can be read only once.
 *
 * @param from where the passphrase comes from, in place of what the configuration says
 */
export async function openVaultOf(
  { vault: file, identity }: Config,
  unlocking: Unlocking,
  from?: PassphrasePlace,
): Promise<Opened> {
  let passphrase: Secret | undefined;
  const ask = async (label: string): Promise<Secret> => {
    if ("keyring" in identity) throw problem("internal", { reason: `nobody knows the ${label}` });
    passphrase = await readPassphrase(from ?? identity.passphrase, identity.file, unlocking);
    return passphrase;
  };
  const place = "keyring" in identity ? identity : { ...identity, passphrase: { prompt: true } as const };
  const vault = await openVault({ file, identity: place, unlocking: { env: unlocking.env, ask } });
  return { vault, passphrase };
}
