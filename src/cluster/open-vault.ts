import type { Config, PassphrasePlace } from "../config/config.ts";
import { problem } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { pair } from "../vault/pairing.ts";
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

/**
 * Holds a configuration against the vault: an endpoint whose item is not there, or of the wrong kind, is a mistake of
 * the configuration, found before the first request.
 *
 * @throws PosternError config_invalid
 */
export function refuseWrongPairs(config: Config, vault: Vault, now: Date): void {
  const problems = wrongPairs(config, vault, now);
  if (problems.length > 0) throw problem("config_invalid", { file: config.file, problems });
}

/** The problems that `refuseWrongPairs` refuses, in the form in which the parser reports its own. */
export function wrongPairs(config: Config, vault: Vault, now: Date): readonly string[] {
  const problems: string[] = [];
  for (const endpoint of config.endpoints.values())
    for (const { level, error } of pair(endpoint, (name) => vault.find(name), now))
      if (
        level === "problem" &&
        (error.code === "credential_missing" || error.code === "credential_mismatch")
      )
        problems.push(config.at(["endpoints", endpoint.name, "credentials"], error.message, error.hint));
  return problems;
}
