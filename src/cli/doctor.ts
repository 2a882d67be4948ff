import { access, constants } from "node:fs/promises";
import { Command } from "commander";
import { readAdminToken } from "../admin/access/token.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { PosternError } from "../errors.ts";
import { nameOfPlace } from "../vault/identity/identity.ts";
import { kindNames } from "../vault/item.ts";
import { kinds } from "../vault/kinds/index.ts";
import type { Vault } from "../vault/vault.ts";
import { askHealth } from "./ask-health.ts";
import { endpointLines, findingsOf } from "./endpoint/endpoint-lines.ts";
import { expiryLines } from "./expiry-lines.ts";
import { Exit, type Io, say, sayJson } from "./io.ts";
import { type Line, lineOf, sayLines, statusOf } from "./lines.ts";
import { configFile, configOption } from "./place.ts";
import { askedForEndpoints } from "../vault/tokens/asked-items.ts";
import { tried } from "./tried.ts";
import { openVaultOf } from "./vault/vault-open.ts";
import { waitingLines } from "./vault/waiting-lines.ts";

const help = `
Exit status: 0 when nothing is wrong or missing, 1 otherwise.

Example:
  postern doctor`;

/** What opening the vault says of an identity that is there, and cannot be used. */
const aboutIdentity: ReadonlySet<string> = new Set([
  "identity_exposed",
  "identity_invalid",
  "identity_passphrase_wrong",
  "identity_too_costly",
  "keyring_unavailable",
  "passphrase_missing",
]);

/** `postern doctor`: what is set up, what is missing and how to get it, what expires soon, whether the gateway runs. */
export function define(io: Io): Command {
  return new Command("doctor")
    .description("what is set up, what is missing, what expires soon")
    .option(...configOption)
    .option("--json", "print the findings as JSON")
    .addHelpText("after", help)
    .action(async ({ config: option, json = false }: { config?: string; json?: boolean }) => {
      const lines = await examine(io, configFile(io, option), new Date());
      const well = statusOf(lines) === 0;
      if (json) sayJson(io, { ok: well, findings: lines });
      else {
        sayLines(io, lines);
        say(io);
        say(io, conclusionOf(lines));
      }
      if (!well) throw new Exit(1);
    });
}

function conclusionOf(lines: readonly Line[]): string {
  if (statusOf(lines) !== 0) return "next: the first → above";
  return lines.some(({ level }) => level === "warning")
    ? "nothing is wrong; see the warnings above"
    : "all is well";
}

async function examine(io: Io, file: string, now: Date): Promise<readonly Line[]> {
  const config = await tried(loadConfig(file));
  if (config instanceof PosternError) {
    if (config.code !== "config_missing") return [lineOf("configuration", config)];
    return [
      {
        level: "missing",
        subject: "configuration",
        text: `nothing is set up yet: there is no ${file}`,
        wayOut: "postern init",
        code: config.code,
      },
      {
        level: "note",
        subject: "demo",
        text: "to see what Postern does before anything is set up",
        wayOut: "postern demo",
      },
    ];
  }
  const lines: Line[] = [{ level: "ok", subject: "configuration", text: config.file }];
  const vault = await tried(openVaultOf(config, io));
  if (vault instanceof PosternError && aboutIdentity.has(vault.code)) {
    lines.push(lineOf("identity", vault));
  } else {
    lines.push(...(await identityLines(config)));
    // A missing identity has its own line already.
    if (!(vault instanceof PosternError)) lines.push(...(await vaultLines(config, vault, now, io.ended)));
    else if (vault.code !== "vault_locked")
      lines.push(lineOf("vault", vault, vault.code === "vault_missing" ? "missing" : "problem"));
  }
  if (config.endpoints.size === 0)
    lines.push({
      level: "missing",
      subject: "endpoints",
      text: "no endpoint is configured",
      wayOut: "postern endpoint add NAME URL --credential ITEM",
    });
  lines.push(await adminTokenLine(config), await gatewayLine(config));
  return lines;
}

/** Nothing for an identity that is there and cannot be read: opening the vault says why. */
async function identityLines({ identity: place }: Config): Promise<readonly Line[]> {
  const subject = "identity";
  const identity = nameOfPlace(place);
  try {
    if ("file" in place) await access(place.file, constants.R_OK);
    return [{ level: "ok", subject, text: identity }];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") return [];
    return [
      {
        level: "missing",
        subject,
        text: `${identity} is not there; without it the vault cannot be opened`,
        wayOut: "put it back from your copy, or name another with identity: in postern.yaml",
      },
    ];
  }
}

async function vaultLines(
  config: Config,
  vault: Vault,
  now: Date,
  stop: AbortSignal,
): Promise<readonly Line[]> {
  const items = vault.items();
  const find = await askedForEndpoints(vault, config, stop);
  if (items.length === 0)
    return [
      {
        level: "missing",
        subject: "vault",
        text: `${config.vault} is empty`,
        wayOut: "postern vault add KIND NAME",
      },
      ...endpointLines(config, find, findingsOf(config, find, now)),
    ];
  const counts = kindNames.flatMap((kind) => {
    const count = items.filter((item) => item.kind === kind).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? kinds[kind].title : kinds[kind].plural}`];
  });
  return [
    { level: "ok", subject: "vault", text: `${config.vault}: ${counts.join(", ")}` },
    ...endpointLines(config, find, findingsOf(config, find, now)),
    ...expiryLines(config, items, now),
    ...waitingLines(config, items),
  ];
}

/** With a token that cannot be used the gateway serves, and its console and API are closed to everybody. */
async function adminTokenLine({ adminToken: file }: Config): Promise<Line> {
  const subject = "admin token";
  const token = await tried(readAdminToken(file));
  if (token instanceof PosternError) return lineOf(subject, token);
  return token === undefined
    ? { level: "note", subject, text: `${file} is not there; postern serve makes it` }
    : { level: "ok", subject, text: file };
}

async function gatewayLine(config: Config): Promise<Line> {
  const subject = "gateway";
  if ("port" in config.admin && config.admin.port === 0)
    return { level: "note", subject, text: "admin: has port 0, so nobody can know here whether it runs" };
  return (await askHealth(config.admin))
    ? { level: "ok", subject, text: "it runs" }
    : { level: "note", subject, text: "it does not run", wayOut: "postern serve" };
}
