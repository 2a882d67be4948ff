import { dirname, resolve } from "node:path";
import type { Config, EndpointConfig } from "./config.ts";
import { faultOfName, readEndpoint } from "./endpoint.ts";
import { frozen } from "./frozen.ts";
import type { Written } from "./keys.ts";
import { Listeners } from "./listeners.ts";
import { parseSize } from "./quantities.ts";
import { Report } from "./report.ts";
import { readShape } from "./shape.ts";
import { similar } from "./similar.ts";
import { type Path, Source } from "./source.ts";
import { defaultTimeouts, readTimeouts } from "./timeouts.ts";

/** How far into a body its model is searched for: images often stand before it. */
const defaultPeekBytes = 32 * 1024 * 1024;

const leastPeekBytes = 1024;

/**
 * Reads a configuration: the whole of it, frozen, or every problem at once. Pure but for `read`, which is handed the
 * absolute path of each `ca` file. Each problem is `file:line:column: key: what was found; what was wanted`, the line
 * with carets under the place, and the way out.
 */
export function parseConfig(
  text: string,
  file: string,
  read: (path: string) => string,
): Config | readonly string[] {
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
  const listeners = new Listeners(report, folder);
  const timeouts = readTimeouts(written.timeouts, defaultTimeouts, ["timeouts"], report);
  const listen = listeners.take(["listen"], written.listen, ["127.0.0.1:8080", "[::1]:8080"]);
  const [admin = { host: "127.0.0.1", port: 8081 }] = listeners.take(["admin"], written.admin, [
    "127.0.0.1:8081",
  ]);
  const endpoints = new Map<string, EndpointConfig>();
  for (const [name, endpoint] of Object.entries(written.endpoints ?? {}))
    endpoints.set(name, readEndpoint(name, endpoint, { folder, timeouts, listeners, report, read }));
  for (const name of source.keysAt(["endpoints"])) {
    const fault = faultOfName(name);
    if (fault !== undefined) report.add(["endpoints", name], fault.wrong, fault.wayOut);
  }
  checkModels(endpoints, report);
  checkDefaultEndpoint(written, source, report);
  return frozen({
    file: source.file,
    listen,
    // localhost means both families, and the admin's listener has one address: the first.
    admin,
    vault: readStore(["vault"], written.vault ?? "file:vault.age", folder, report),
    identity: readStore(["identity"], written.identity ?? "file:identity.txt", folder, report),
    defaultEndpoint: written["default-endpoint"],
    endpoints,
    limits: { peekBytes: readPeek(written.limits?.peek, report) },
    logLevel: written.log?.level ?? "info",
    at: source.at.bind(source),
  } satisfies Config);
}

function readPeek(found: string | number | undefined, report: Report): number {
  if (found === undefined) return defaultPeekBytes;
  const path = ["limits", "peek"];
  const bytes = report.take(path, parseSize(found));
  if (bytes !== undefined && bytes < leastPeekBytes)
    report.add(
      path,
      `found ${String(found)}, in which no model could be found; the least is 1KiB`,
      "write a larger size, such as 32MiB",
    );
  return bytes ?? defaultPeekBytes;
}

/** Reads where the vault or the identity lies. Only files so far; the scheme leaves room for other stores. */
function readStore(path: Path, found: string, folder: string, report: Report): string {
  const rest = found.startsWith("file:") ? found.slice("file:".length) : "";
  if (rest !== "") return resolve(folder, rest);
  const scheme = /^(?<scheme>[a-z][a-z\d+-]*):/i.exec(found)?.groups?.["scheme"];
  const message =
    scheme === undefined || scheme === "file"
      ? `found "${found}"; wanted file: and a path`
      : `the store "${scheme}" is not known; the only one is file`;
  report.add(
    path,
    message,
    `write it as in file:${path[0] === "vault" ? "vault.age" : "identity.txt"}; the path is relative to this file`,
  );
  return folder;
}

/** A model's name decides the endpoint, so it may be named only once, as a model or as an alias. */
function checkModels(endpoints: ReadonlyMap<string, EndpointConfig>, report: Report): void {
  const owners = new Map<string, string>();
  for (const { name, models, aliases } of endpoints.values()) {
    const named: [string, Path][] = [
      ...models.map((model, index): [string, Path] => [model, ["endpoints", name, "models", index]]),
      ...[...aliases.keys()].map((alias): [string, Path] => [alias, ["endpoints", name, "aliases", alias]]),
    ];
    for (const [model, path] of named) {
      const owner = owners.get(model);
      if (owner === undefined) owners.set(model, name);
      else
        report.add(
          path,
          `the model "${model}" is named by the endpoint "${owner}" already`,
          owner === name
            ? "name it once"
            : `name it under one of the two; the other is reached as /${name}/v1, or give it an alias`,
        );
    }
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
