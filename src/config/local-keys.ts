import { hash } from "node:crypto";
import type { KeyLimits, LocalKeyConfig } from "./config.ts";
import { itemNamePattern, type Written } from "./file-keys.ts";
import type { Reading, Wrong } from "./reading.ts";
import type { Report } from "./report.ts";
import { similar } from "./similar.ts";
import type { Path } from "./source.ts";

type WrittenKey = NonNullable<Written["keys"]>[string];

/**
 * Reads `keys:`. Undefined where it is not written: then no key is demanded. A `keys:` with nothing under it demands one
 * all the same, so that removing the last key does not open the gateway.
 */
export function readLocalKeys(
  written: Written["keys"],
  endpoints: readonly string[],
  report: Report,
): ReadonlyMap<string, LocalKeyConfig> | undefined {
  if (written === undefined) return undefined;
  const keys = new Map<string, LocalKeyConfig>();
  for (const [name, key] of Object.entries(written ?? {})) {
    const path = ["keys", name];
    const fault = faultOfKeyName(name);
    if (fault !== undefined) report.add(path, fault.wrong, fault.wayOut);
    const digest = readDigest(path, key, report);
    const same = [...keys.values()].find((other) => digest !== "" && other.digest === digest);
    if (same !== undefined)
      report.add(
        [...path, "hash"],
        `"${same.name}" has the same hash: the two would be one key`,
        "make each its own with postern key add",
      );
    checkEndpoints(path, key, endpoints, report);
    keys.set(name, {
      name,
      digest,
      endpoints: [key.endpoints ?? []].flat(),
      models: [key.models ?? []].flat(),
      limits: readLimits([...path, "limits"], key.limits, report),
    });
  }
  return keys;
}

/**
 * What is kept of a local key: its SHA-256, in hexadecimal. A slow hash protects what people choose, by making guesses
 * dear; a key of 256 random bits is not guessed, so a fast one gives nothing away, and each request is spared the rest.
 */
export const digestOf = (key: string): string => hash("sha256", key, "hex");

/** The name under which the console's own requests stand in the log and the metrics. */
export const consoleKeyName = "console";

/** Why a local key may not have this name, if it may not. */
export function faultOfKeyName(name: string): Wrong | undefined {
  if (name === consoleKeyName)
    return {
      wrong: `"${name}" is the name of the console's own key`,
      wayOut: "choose another name, such as the application's",
    };
  if (itemNamePattern.test(name)) return undefined;
  return {
    wrong: `"${name.slice(0, 80)}" cannot name a key`,
    wayOut: "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
  };
}

/** Reads how often or how many: a whole number from 1. */
export function parseCount(found: number, most = 1_000_000_000): Reading<number> {
  if (Number.isInteger(found) && found >= 1 && found <= most) return { value: found };
  return {
    wrong: `found ${found}; wanted a whole number from 1 to ${most}`,
    wayOut: "write such a number, or leave the key out",
  };
}

function readDigest(path: Path, key: WrittenKey, report: Report): string {
  const digest = /^sha256:([0-9a-f]{64})$/i.exec(key.hash ?? "")?.[1];
  // What stands in its place may be the key itself.
  if (digest === undefined)
    report.addHidden(
      [...path, "hash"],
      key.hash === undefined
        ? 'the key "hash" is missing'
        : "found what is not a hash; wanted sha256: and 64 hexadecimal digits",
      "postern key add makes a key and writes its hash; the key itself never stands here",
    );
  return digest?.toLowerCase() ?? "";
}

function checkEndpoints(
  path: Path,
  { endpoints }: WrittenKey,
  known: readonly string[],
  report: Report,
): void {
  for (const [index, name] of [endpoints ?? []].flat().entries()) {
    if (known.includes(name)) continue;
    const near = similar(name, known);
    report.add(
      [...path, "endpoints", ...(Array.isArray(endpoints) ? [index] : [])],
      `there is no endpoint "${name.slice(0, 80)}"; the endpoints are: ${known.join(", ") || "none"}`,
      near === undefined ? "name one of the keys under endpoints:" : `did you mean "${near}"?`,
    );
  }
}

function readLimits(path: Path, written: WrittenKey["limits"], report: Report): KeyLimits {
  const read = (key: keyof NonNullable<WrittenKey["limits"]>): number | undefined => {
    const found = written?.[key];
    return found === undefined ? undefined : report.take([...path, key], parseCount(found));
  };
  return {
    requestsPerMinute: read("requests-per-minute"),
    tokensPerMinute: read("tokens-per-minute"),
    concurrency: read("concurrency"),
  };
}
