import type { Config } from "../config/config.ts";
import type { Problem } from "../config/problem.ts";
import { problem } from "../errors.ts";
import { pair } from "../vault/pairing.ts";
import type { Vault } from "../vault/vault.ts";

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

/** The problems that `refuseWrongPairs` refuses, as the parser reports its own. */
export function wrongPairs(config: Config, vault: Vault, now: Date): readonly Problem[] {
  const problems: Problem[] = [];
  for (const endpoint of config.endpoints.values())
    for (const { level, error } of pair(endpoint, (name) => vault.find(name), now))
      if (
        level === "problem" &&
        (error.code === "credential_missing" || error.code === "credential_mismatch")
      )
        problems.push(config.at(["endpoints", endpoint.name, "credentials"], error.message, error.hint));
  return problems;
}
