import type { Config } from "../../config/config.ts";
import type { Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { type Finding, pair } from "../../vault/pairing.ts";
import { type Line, lineOf } from "../lines.ts";

/** What is wrong or soon will be with every endpoint's credentials, in the order of the configuration. */
export function findingsOf(
  config: Config,
  find: (name: string) => Item | undefined,
  now: Date,
): readonly Finding[] {
  return [...config.endpoints.values()].flatMap((endpoint) => pair(endpoint, find, now));
}

/** A line for each finding, and an ok line for each endpoint without a problem. */
export function endpointLines(
  config: Config,
  find: (name: string) => Item | undefined,
  findings: readonly Finding[],
): readonly Line[] {
  const lines: Line[] = [];
  for (const { name, origin, basePath, credentials } of config.endpoints.values()) {
    const subject = `endpoint ${name}`;
    const own = findings.filter(({ endpoint }) => endpoint === name);
    if (!own.some(({ level }) => level === "problem")) {
      const items = credentials.map((credential) => titled(credential, find(credential)));
      lines.push({ level: "ok", subject, text: `${origin}${basePath} with ${items.join(" and ")}` });
    }
    for (const { level, error } of own) lines.push(lineOf(subject, error, level));
  }
  return lines;
}

function titled(name: string, item: Item | undefined): string {
  return item === undefined ? name : `${name} (${kinds[item.kind].title})`;
}
