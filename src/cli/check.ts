import { Command } from "commander";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { Problem } from "../config/problem.ts";
import { catalogue } from "../errors/catalogue.ts";
import { PosternError, problem } from "../errors.ts";
import type { Finding } from "../vault/pairing.ts";
import { endpointLines, findingsOf } from "./endpoint/endpoint-lines.ts";
import { expiryLines } from "./expiry-lines.ts";
import { type Io, sayJson } from "./io.ts";
import { type Line, lineOf, sayLines, statusOf } from "./lines.ts";
import { configFile, configOption } from "./place.ts";
import { sharedModels } from "./endpoint/shared-models.ts";
import { askedForEndpoints } from "../vault/tokens/asked-items.ts";
import { tried } from "./tried.ts";
import { openVaultOf } from "./vault/vault-open.ts";
import { waitingLines } from "./vault/waiting-lines.ts";

const help = `
Exit status: 0 all is well, 1 a problem with the vault or a credential, 2 a problem with the configuration, the wrong
kind of credential for an endpoint included.

Example:
  postern check --config ./postern.yaml`;

/** `postern check`: everything that `serve` would look at, without serving. */
export function define(io: Io): Command {
  return new Command("check")
    .description("validate the configuration, the vault, and every endpoint's credentials, without serving")
    .option(...configOption)
    .option("--json", "print the findings as JSON")
    .addHelpText("after", help)
    .action(async ({ config: option, json = false }: { config?: string; json?: boolean }) => {
      const config = await tried(loadConfig(configFile(io, option)));
      if (config instanceof PosternError) {
        // The error itself shows every problem with its line; JSON has them, too.
        if (json) sayJson(io, { ok: false, findings: [lineOf("configuration", config)] });
        throw config;
      }
      const { lines, error } = await look(io, config, new Date());
      if (json) sayJson(io, { ok: error === undefined, findings: lines });
      else sayLines(io, lines);
      if (error !== undefined) throw error;
    });
}

/** What was found, line by line, and the error that the command ends with, if any. */
async function look(
  io: Io,
  config: Config,
  now: Date,
): Promise<{ lines: readonly Line[]; error?: PosternError }> {
  const lines: Line[] = [{ level: "ok", subject: "configuration", text: config.file }];
  let findings: readonly Finding[] = [];
  try {
    const vault = await openVaultOf(config, io);
    const count = vault.items().length;
    lines.push({
      level: "ok",
      subject: "vault",
      text: `${config.vault}, ${count} ${count === 1 ? "item" : "items"}`,
    });
    const find = await askedForEndpoints(vault, config, io.ended);
    findings = findingsOf(config, find, now);
    lines.push(
      ...endpointLines(config, find, findings),
      ...expiryLines(config, vault.items(), now),
      ...waitingLines(config, vault.items()),
    );
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    lines.push(lineOf("vault", error));
  }
  for (const { model, text } of sharedModels(config))
    lines.push({ level: "ok", subject: `model ${model}`, text });
  if (config.endpoints.size === 0) lines.push(lineOf("endpoints", problem("endpoint_none", {}), "warning"));
  if (statusOf(lines) === 0) return { lines };
  const wrong = findings.filter(
    ({ level, error }) => level === "problem" && catalogue[error.code].exit === 2,
  );
  if (wrong.length === 0) {
    const count = lines.filter(({ level }) => level === "problem").length;
    return { lines, error: problem("check_failed", { count }) };
  }
  // A wrong pair stands in the configuration: it is shown there, as the parser shows its own problems.
  const problems = wrong.map((finding) => placed(config, finding));
  return { lines, error: problem("config_invalid", { file: config.file, problems }) };
}

function placed(config: Config, { endpoint, item, error }: Finding): Problem {
  const index = config.endpoints.get(endpoint)?.credentials.indexOf(item) ?? 0;
  return config.at(["endpoints", endpoint, "credentials", index], error.message, error.hint);
}
