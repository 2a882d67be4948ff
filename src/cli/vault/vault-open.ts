import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { type Recorder, recorderFor } from "../../vault/audit/audit.ts";
import type { Unlocking } from "../../vault/identity/passphrase.ts";
import { openVault, type Vault } from "../../vault/vault.ts";
import type { Io } from "../io.ts";
import { configFile } from "../place.ts";
import { askSecret, isInteractive } from "../prompt.ts";

/** An open vault, what names it, and what its use is recorded with. */
export interface Opened {
  readonly config: Config;
  readonly vault: Vault;
  /** Changes are recorded by the vault itself; whoever looks at it or hands a value out records that. */
  readonly record: Recorder;
}

/** Opens the vault that the configuration names, for a command such as "vault show". */
export async function openFor(io: Io, option: string | undefined, command: string): Promise<Opened> {
  const config = await loadConfig(configFile(io, option));
  const record = recorderOf(io, config, command);
  return { config, record, vault: await openVaultOf(config, io, record) };
}

/** The same, for a command that needs nothing but the vault. */
export async function openConfigured(io: Io, option: string | undefined, command = "vault"): Promise<Vault> {
  return (await openFor(io, option, command)).vault;
}

/** Opens a configuration's vault. Without `io`, nobody is asked for a passphrase. */
export const openVaultOf = (config: Config, io?: Io, record?: Recorder): Promise<Vault> =>
  openVault({
    file: config.vault,
    identity: config.identity,
    ...(io !== undefined && { unlocking: unlockingOf(io) }),
    ...(record !== undefined && { record }),
  });

/** A use that could not be recorded takes place all the same, and is told on standard error. */
export const recorderOf = (io: Io, config: Config, command: string): Recorder =>
  recorderFor({
    config,
    command,
    failed: ({ message, hint }) => io.stderr.write(`warning: ${message}\nhint: ${hint}\n`),
  });

/** How a wrapped identity is opened here: a person who sits at the terminal is asked. */
export const unlockingOf = (io: Io): Unlocking => ({
  env: io.env,
  ask: isInteractive(io) ? (label) => askSecret(io, label) : undefined,
});
