import type { Endpoint } from "../../api/shapes/endpoint.ts";
import { mapOf, type Parts, partsIn } from "./parts.ts";

/** What stands in the form of an endpoint. */
export interface Draft {
  readonly name: string;
  readonly url: string;
  readonly type: Endpoint["type"];
  readonly credentials: readonly string[];
  /** One a line. */
  readonly models: string;
  /** `local = id`, one a line. */
  readonly aliases: string;
  readonly ca: string;
  readonly timeouts: Parts;
  readonly probe: Parts;
  /** Undefined where no answer is kept: empty, it is one as large as usual. */
  readonly cache: Parts | undefined;
}

/** The keys of the file that the form has a field for, and the name. */
export const fields = [
  "name",
  "url",
  "type",
  "credentials",
  "models",
  "aliases",
  "ca",
  "timeouts",
  "probe",
  "cache",
] as const;
export type Field = (typeof fields)[number];

/** What the form begins with. */
export function draftOf(endpoint: Endpoint | undefined): Draft {
  const { url, ca, timeouts, probe, cache } = endpoint?.written ?? {};
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  return {
    name: endpoint?.name ?? "",
    url: text(url),
    type: endpoint?.type ?? "dedicated",
    credentials: endpoint?.credentials ?? [],
    models: endpoint?.models.join("\n") ?? "",
    aliases: Object.entries(endpoint?.aliases ?? {})
      .map(([local, id]) => `${local} = ${id}`)
      .join("\n"),
    ca: text(ca),
    timeouts: partsIn(timeouts),
    probe: partsIn(probe),
    cache: cache === undefined || cache === null ? undefined : partsIn(cache),
  };
}

/** The keys of the file that the form fills in; null is a key that is not there. */
export function writtenOf(
  { url, type, credentials, models, aliases, ca, timeouts, probe, cache }: Draft,
  endpoint: Endpoint | undefined,
): Readonly<Record<string, unknown>> {
  const isDefault = type === "dedicated" && endpoint?.written["type"] === undefined;
  const named = linesOf(models);
  const pairs = linesOf(aliases).map(pairOf);
  return {
    url: url.trim() === "" ? null : url.trim(),
    type: isDefault ? null : type,
    credentials: credentials.length === 0 ? null : credentials,
    models: named.length === 0 ? null : named,
    aliases: pairs.length === 0 ? null : Object.fromEntries(pairs),
    ca: ca.trim() === "" ? null : ca.trim(),
    timeouts: mapOf(timeouts),
    probe: mapOf(probe),
    cache: cache === undefined ? null : (mapOf(cache) ?? {}),
  };
}

/** What is asked for where a field that is needed is empty: the file would speak of a key that is missing. */
export function faultOfEmpty({ name, url, credentials }: Draft, field: Field): string | undefined {
  if (field === "name" && name.trim() === "") return "Give it a name.";
  if (field === "url" && url.trim() === "") return "Enter its URL.";
  return field === "credentials" && credentials.length === 0 ? "Choose at least one." : undefined;
}

/** What is wrong with the form's own way to write aliases. */
export function faultOfAliases({ aliases }: Draft): string | undefined {
  const pairs = linesOf(aliases).map(pairOf);
  const half = pairs.find(([local, id]) => local === "" || id === "");
  if (half !== undefined) return "Write each as in llama = meta-llama/Llama-3.2-3B-Instruct.";
  const names = pairs.map(([local]) => local);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  return twice === undefined ? undefined : `"${twice}" stands here twice; name it once.`;
}

const linesOf = (text: string): readonly string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");

/** Models have colons and slashes in their names, and no equals sign. */
function pairOf(line: string): readonly [local: string, id: string] {
  const at = line.indexOf("=");
  return at === -1 ? [line, ""] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
