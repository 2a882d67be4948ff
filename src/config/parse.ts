import { dirname } from "node:path";
import { readAudit } from "./audit.ts";
import { checkBeyondLoopback, readCallers } from "./callers.ts";
import type { Config, EndpointConfig, IdentityPlace } from "./config.ts";
import { faultOfName, readEndpoint } from "./endpoint.ts";
import { frozen } from "./frozen.ts";
import { parseIdentity, parsePassphrase } from "./identity.ts";
import type { Written } from "./file-keys.ts";
import { parseFile } from "./file-path.ts";
import { readLimits } from "./limits.ts";
import { Listeners } from "./listeners.ts";
import { readLocalKeys } from "./local-keys.ts";
import type { Problem } from "./problem.ts";
import { Report } from "./report.ts";
import { readEjection, readModels, readRetries } from "./sharing.ts";
import { readShape } from "./shape.ts";
import { similar } from "./similar.ts";
import { type Path, Source } from "./source.ts";
import { defaultTimeouts, readDrain, readTimeouts } from "./timeouts.ts";
import { parseWorkers } from "./workers.ts";

/**
 * Reads a configuration: the whole of it, frozen, or every problem at once. Pure but for `read`, which is handed the
 * absolute path of each `ca` file.
 */
export function parseConfig(
  text: string,
  file: string,
  read: (path: string) => string,
): Config | readonly Problem[] {
  const source = Source.read(text, file);
  if (!(source instanceof Source)) return source;
  const { written, problems } = readShape(source);
  const report = new Report(source);
  const config = build(written, source, report, read);
  const all = report.with(problems);
  return all.length === 0 ? config : all;
}

/** What stands in for a value that has a problem is never seen: a report with a problem replaces the whole result. */
function build(written: Written, source: Source, report: Report, read: (path: string) => string): Config {
  const folder = dirname(source.file);
  const listeners = new Listeners(report, folder, written["unsafe-listen-beyond-loopback"] === true);
  const timeouts = readTimeouts(written.timeouts, defaultTimeouts, ["timeouts"], report);
  const listen = listeners.take(["listen"], written.listen, ["127.0.0.1:8080", "[::1]:8080"]);
  const [admin = { host: "127.0.0.1", port: 8081 }] = listeners.take(["admin"], written.admin, [
    "127.0.0.1:8081",
  ]);
  const endpoints = new Map<string, EndpointConfig>();
  const writtenEndpoints = new Map(Object.entries(written.endpoints ?? {}));
  // In the file's order: of those that serve a model, the first is asked first.
  for (const name of source.keysAt(["endpoints"])) {
    const endpoint = writtenEndpoints.get(name);
    if (endpoint !== undefined)
      endpoints.set(name, readEndpoint(name, endpoint, { folder, timeouts, listeners, report, read }));
    const fault = faultOfName(name);
    if (fault !== undefined) report.add(["endpoints", name], fault.wrong, fault.wayOut);
  }
  checkModels(endpoints, report);
  checkDefaultEndpoint(written, source, report);
  const everywhere = [...listen, ...[...endpoints.values()].flatMap((endpoint) => endpoint.listen)];
  if (source.keysAt(["keys"]).length === 0) checkBeyondLoopback(everywhere, report);
  return frozen({
    file: source.file,
    listen,
    // localhost means both families, and the admin's listener has one address: the first.
    admin,
    workers: report.take(["workers"], parseWorkers(written.workers === undefined ? 1 : written.workers)) ?? 1,
    keys: readLocalKeys(written.keys, source.keysAt(["endpoints"]), report),
    ...readCallers(written, report),
    vault: readStore(["vault"], written.vault ?? "file:vault.age", folder, report),
    identity: readIdentity(written, folder, report),
    adminToken: readAdminToken(written["admin-token"] ?? "file:admin-token", folder, report),
    audit: readAudit(written.audit, folder, report),
    renew: [written.renew ?? []].flat(),
    defaultEndpoint: written["default-endpoint"],
    endpoints,
    models: readModels(written.models, endpoints, report),
    retries: readRetries(written.retries, report),
    ejection: readEjection(written.ejection, report),
    drainMs: readDrain(written.timeouts, report),
    limits: readLimits(written.limits, report),
    logLevel: written.log?.level ?? "info",
    at: source.at.bind(source),
  } satisfies Config);
}

function readIdentity(written: Written, folder: string, report: Report): IdentityPlace {
  const passphrase = report.take(["passphrase"], parsePassphrase(written.passphrase ?? "prompt", folder)) ?? {
    prompt: true,
  };
  const found = parseIdentity(written.identity ?? "file:identity.txt", folder, passphrase);
  return report.take(["identity"], found) ?? { file: folder, passphrase };
}

/** Reads where the admin token lies; what stands there instead may be the token itself. */
function readAdminToken(found: string, folder: string, report: Report): string {
  const path = ["admin-token"];
  const file = parseFile(found, folder);
  if (file !== undefined) return report.take(path, file) ?? folder;
  report.addHidden(
    path,
    "found what names no file; wanted file: and a path",
    "write it as in file:admin-token; the token itself never stands here, and one that did is to be replaced",
  );
  return folder;
}

/** Reads where the vault lies. Only files so far; the scheme leaves room for other stores. */
function readStore(path: Path, found: string, folder: string, report: Report): string {
  const file = parseFile(found, folder);
  if (file !== undefined) return report.take(path, file) ?? folder;
  const scheme = /^(?<scheme>[a-z][a-z\d+-]*):/i.exec(found)?.groups?.["scheme"];
  const message =
    scheme === undefined || scheme === "file"
      ? `found "${found}"; wanted file: and a path`
      : `the store "${scheme}" is not known; the only one is file`;
  report.add(path, message, "write it as in file:vault.age; the path is relative to this file");
  return folder;
}

/** Several endpoints may serve a model, but within one endpoint a name means one thing: a model, or an alias. */
function checkModels(endpoints: ReadonlyMap<string, EndpointConfig>, report: Report): void {
  for (const { name, models, aliases } of endpoints.values()) {
    const seen = new Set<string>();
    const named: [string, Path][] = [
      ...models.map((model, index): [string, Path] => [model, ["endpoints", name, "models", index]]),
      ...[...aliases.keys()].map((alias): [string, Path] => [alias, ["endpoints", name, "aliases", alias]]),
    ];
    for (const [model, path] of named)
      if (seen.has(model))
        report.add(path, `the model "${model}" is named by the endpoint "${name}" already`, "name it once");
      else seen.add(model);
  }
}

function checkDefaultEndpoint(written: Written, source: Source, report: Report): void {
  const name = written["default-endpoint"];
  const names = source.keysAt(["endpoints"]);
  if (name === undefined || names.includes(name)) return;
  const near = similar(name, names);
  report.add(
    ["default-endpoint"],
    `there is no endpoint "${name.slice(0, 80)}"; the endpoints are: ${names.length > 0 ? names.join(", ") : "none"}`,
    near === undefined ? "name one of the keys under endpoints:" : `did you mean "${near}"?`,
  );
}
