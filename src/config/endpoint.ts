import { reasonOf } from "../errors.ts";
import { parseAuthorities } from "./authorities.ts";
import { readCache } from "./cache.ts";
import type { EndpointConfig, Timeouts } from "./config.ts";
import { parseEndpointUrl } from "./endpoint-url.ts";
import { endpointNamePattern, itemNamePattern, reservedNames } from "./file-keys.ts";
import type { WrittenEndpoint } from "./file-keys.ts";
import { parsePath } from "./file-path.ts";
import type { Listeners } from "./listeners.ts";
import type { Reading, Wrong } from "./reading.ts";
import type { Report } from "./report.ts";
import { readProbe } from "./probe.ts";
import { readTimeouts } from "./timeouts.ts";

/** Reads one endpoint; what is wrong with it is noted in the report. */
export function readEndpoint(
  name: string,
  written: WrittenEndpoint,
  o: {
    folder: string;
    timeouts: Timeouts;
    listeners: Listeners;
    report: Report;
    read: (path: string) => string;
  },
): EndpointConfig {
  const { report } = o;
  const path = ["endpoints", name];
  report.requires(path, "url", "https://private-2.example.com/openai/v1");
  report.requires(path, "credentials", "[gen-cert]");
  const url =
    written.url === undefined ? undefined : report.take([...path, "url"], parseEndpointUrl(written.url));
  const credentials = [written.credentials ?? []].flat();
  for (const [index, item] of credentials.entries()) {
    const at = [...path, "credentials", ...(Array.isArray(written.credentials) ? [index] : [])];
    if (!itemNamePattern.test(item))
      report.addHidden(
        at,
        "found what cannot be an item's name; wanted the name of a vault item",
        "put the credential into the vault with postern vault add KIND NAME, and write its NAME here",
      );
    else if (credentials.indexOf(item) < index) report.add(at, `"${item}" is named twice`, "name it once");
  }
  return {
    name,
    type: written.type,
    origin: url?.origin ?? "",
    basePath: url?.basePath ?? "",
    credentials,
    models: written.models ?? [],
    aliases: new Map(Object.entries(written.aliases ?? {})),
    ca:
      written.ca === undefined
        ? undefined
        : report.take([...path, "ca"], readAuthorities(parsePath(written.ca, o.folder), o.read)),
    listen: written.listen ? o.listeners.take([...path, "listen"], written.listen, []) : [],
    timeouts: readTimeouts(written.timeouts, o.timeouts, [...path, "timeouts"], report),
    cache: readCache(written.cache, [...path, "cache"], report),
    probe: readProbe(written.probe, [...path, "probe"], report),
  };
}

/** Why an endpoint may not have this name, if it may not. */
export function faultOfName(name: string): Wrong | undefined {
  if (reservedNames.some((reserved) => reserved === name))
    return {
      wrong: `"${name}" is a path of Postern's own and cannot name an endpoint`,
      wayOut: "choose another name",
    };
  if (endpointNamePattern.test(name)) return undefined;
  return {
    wrong: `"${name.slice(0, 80)}" cannot name an endpoint`,
    wayOut: "use up to 63 lower-case letters, digits and dashes, a letter or digit first",
  };
}

function readAuthorities(path: Reading<string>, read: (path: string) => string): Reading<string> {
  if (!("value" in path)) return path;
  try {
    return parseAuthorities(read(path.value), path.value);
  } catch (error) {
    return {
      wrong: `cannot read ${path.value}: ${reasonOf(error)}`,
      wayOut: "name a PEM file; its path is relative to this file",
    };
  }
}
