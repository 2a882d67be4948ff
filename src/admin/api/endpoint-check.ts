import { addEndpoint } from "../../config/edit.ts";
import { changeEndpoint } from "../../config/edit-keys.ts";
import { parseEndpointUrl } from "../../config/endpoint-url.ts";
import { isProblems, readText } from "../../config/load.ts";
import { parseConfig } from "../../config/parse.ts";
import { type Problem, said } from "../../config/problem.ts";
import { pair } from "../../vault/pairing.ts";
import type { AdminSources } from "../sources.ts";
import { writtenIn } from "./endpoint-shown.ts";
import type { CheckedEndpoint } from "./shapes/endpoint.ts";

type Fault = CheckedEndpoint["problems"][number];
type Written = Readonly<Record<string, unknown>>;

/** An endpoint without the keys that are null: a new one has none to take out. */
export const withoutNulls = (endpoint: Written): Written =>
  Object.fromEntries(Object.entries(endpoint).filter(([, value]) => value !== null));

/** Reads the configuration as it would be with this endpoint in it, and says what is wrong with that. Writes nothing. */
export function checkEndpoint(
  { config, text, vault }: AdminSources,
  {
    name,
    endpoint,
    existing,
  }: { readonly name: string; readonly endpoint: Written; readonly existing: boolean },
  now: Date,
): CheckedEndpoint {
  const { file } = config();
  const taken = writtenIn(text()).has(name);
  const url = typeof endpoint["url"] === "string" ? parseEndpointUrl(endpoint["url"]) : undefined;
  const answer = (problems: readonly Fault[], warnings: readonly Fault[] = []): CheckedEndpoint => ({
    url: url !== undefined && "value" in url ? `${url.value.origin}${url.value.basePath}` : null,
    problems: [...(taken === existing ? [] : [nameFault(name, taken)]), ...problems],
    warnings: [...warnings],
  });
  // Under a name of its own, so that everything else about it is still looked at.
  const under = taken && !existing ? freeName(name, text()) : name;
  const changed = existing
    ? changeEndpoint(text(), name, endpoint)
    : addEndpoint(text(), under, withoutNulls(endpoint));
  const read = parseConfig(changed, file, readText);
  if (isProblems(read)) return answer(read.map((problem) => faultOf(problem, under)));
  const checked = read.endpoints.get(under);
  const findings = checked === undefined ? [] : pair(checked, (item) => vault.find(item), now);
  const faults = (wanted: "problem" | "warning"): readonly Fault[] =>
    findings
      .filter(({ level }) => level === wanted)
      .map(({ error: { message, hint } }) => ({ key: "credentials", message, hint }));
  return answer(faults("problem"), faults("warning"));
}

const nameFault = (name: string, taken: boolean): Fault => ({
  key: "name",
  message: taken ? `"${name}" is there already` : `there is no endpoint "${name}"`,
  hint: taken ? "choose another name" : "name one that is there, or add it",
});

const freeName = (name: string, text: string): string => {
  const names = writtenIn(text);
  let number = 2;
  while (names.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
};

/** A problem of the file, by the key of this endpoint that it is about. */
function faultOf(problem: Problem, name: string): Fault {
  const { path, message, wayOut: hint } = problem;
  const [section, endpoint, key = "name"] = path;
  return section === "endpoints" && endpoint === name
    ? { key: String(key), message, hint }
    : { key: null, message: said(problem), hint };
}
