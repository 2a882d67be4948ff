import { failure, list } from "./entry.ts";

/** Programs that are handed credentials. */
export const programErrors = {
  ssh_key_unconfirmed: failure(1, (d: { item: string }) => [
    `the SSH key "${d.item}" is used only when somebody confirms it, and nobody is there to ask`,
    "run postern ssh-agent in a terminal of its own",
  ]),
  ssh_sha1_refused: failure(1, (d: { item: string }) => [
    `a program wanted the RSA key "${d.item}" to sign with SHA-1, which is no longer safe`,
    "update that program, or give it an Ed25519 key: postern vault add ssh-key NAME --generate",
  ]),
  registry_ambiguous: failure(1, (d: { registry: string; known: readonly string[] }) => [
    `the vault has several credentials for the registry ${d.registry}: ${list(d.known, "none")}`,
    "keep one, for Docker's tools cannot say which they mean: postern vault remove NAME",
  ]),
  docker_config_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is not a configuration of Docker: ${d.reason}`,
    "mend the file by hand; nothing was changed",
  ]),
  env_file_invalid: failure(1, (d: { source: string; line?: number; reason: string; fix: string }) => [
    `${d.source}${d.line === undefined ? "" : `, line ${d.line}`}: ${d.reason}; nothing was taken`,
    d.fix,
  ]),
  variables_taken: failure(1, (d: { known: readonly string[] }) => [
    `the vault has these already, and nothing was changed: ${list(d.known, "none")}`,
    "put the file's values in their place with --replace",
  ]),
  variable_ambiguous: failure(2, (d: { variable: string; known: readonly string[] }) => [
    `several items give the variable ${d.variable}: ${list(d.known, "none")}`,
    "name the items that are wanted with --items",
  ]),
  variable_unfit: failure(2, (d: { item: string; kind: string }) => [
    `the item "${d.item}" is of the kind ${d.kind}, which goes into no environment`,
    "name environment variables and Hugging Face tokens; an endpoint's credentials are attached by postern serve",
  ]),
  program_unstartable: failure(1, (d: { program: string; reason: string }) => [
    `cannot start ${d.program}: ${d.reason}`,
    "check its name, PATH and its permissions",
  ]),
} as const;
