import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/config.ts";
import { openVault, type Vault } from "../vault/vault.ts";
import type { Io } from "./io.ts";
import { configFile } from "./place.ts";

/** Opens the vault that the configuration names. */
export async function openConfigured(io: Io, option: string | undefined): Promise<Vault> {
  return openVaultOf(await loadConfig(configFile(io, option)));
}

export const openVaultOf = (config: Config): Promise<Vault> =>
  openVault({ file: config.vault, identity: config.identity });

/** The endpoints whose `credentials:` name this item. */
export const endpointsWith = (config: Config, item: string): readonly string[] =>
  [...config.endpoints.values()]
    .filter(({ credentials }) => credentials.includes(item))
    .map(({ name }) => name);
