import type { Config } from "./config.ts";

/** The endpoints whose `credentials:` name this item of the vault. */
export const endpointsWith = (config: Pick<Config, "endpoints">, item: string): readonly string[] =>
  [...config.endpoints.values()]
    .filter(({ credentials }) => credentials.includes(item))
    .map(({ name }) => name);
