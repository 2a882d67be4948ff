import { problem } from "../errors.ts";

/** What stands for us in Docker's configuration: it calls the program `docker-credential-postern`. */
const ours = "postern";

/** What an edit of the configuration changed, or found and left. */
export interface DockerConfigEdit {
  /** The new text; the old one, to the byte, where nothing had to change. */
  readonly text: string;
  /** Keys of registries that Docker asks us about now, and did not before; or the other way round. */
  readonly changed: readonly string[];
  /** Keys that name another helper, which was left there. */
  readonly left: readonly { readonly key: string; readonly helper: string }[];
  /** Keys whose password the file itself still holds. */
  readonly plain: readonly string[];
}

type JsonObject = Record<string, unknown>;

/**
 * Has Docker ask us for these registries (`credHelpers`); without any, for all that no other helper is named for
 * (`credsStore`). Another helper that is named there stays, unless `force` is set. Everything else stays.
 * Throws `docker_config_invalid`.
 */
export function withHelper(
  text: string,
  file: string,
  keys: readonly string[] | "all",
  force: boolean,
): DockerConfigEdit {
  const config = parse(text, file);
  const changed: string[] = [];
  const left: { key: string; helper: string }[] = [];
  const take = (holder: JsonObject, key: string): void => {
    const helper = holder[key];
    if (helper === ours) return;
    if (typeof helper === "string" && helper !== "" && !force) return void left.push({ key, helper });
    holder[key] = ours;
    changed.push(key);
  };
  if (keys === "all") take(config, "credsStore");
  else {
    const helpers = helpersOf(config, file);
    for (const key of keys) take(helpers, key);
    if (Object.keys(helpers).length > 0) config["credHelpers"] = helpers;
  }
  return { text: written(text, config, changed), changed, left, plain: plainIn(config, file, keys) };
}

/** Takes us out of these registries, or out of the whole configuration. Throws `docker_config_invalid`. */
export function withoutHelper(text: string, file: string, keys: readonly string[] | "all"): DockerConfigEdit {
  const config = parse(text, file);
  const helpers = helpersOf(config, file);
  const changed = Object.keys(helpers).filter(
    (key) => helpers[key] === ours && (keys === "all" || keys.includes(key)),
  );
  const rest = Object.fromEntries(Object.entries(helpers).filter(([key]) => !changed.includes(key)));
  if (Object.keys(rest).length > 0) config["credHelpers"] = rest;
  else delete config["credHelpers"];
  if (keys === "all" && config["credsStore"] === ours) {
    delete config["credsStore"];
    changed.push("credsStore");
  }
  return { text: written(text, config, changed), changed, left: [], plain: [] };
}

function parse(text: string, file: string): JsonObject {
  if (text.trim() === "") return {};
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    // Without the parser's words: they may quote a password that the file holds.
    throw problem("docker_config_invalid", { file, reason: "it is not JSON" });
  }
  return objectIn(config, file, "it");
}

const helpersOf = (config: JsonObject, file: string): JsonObject =>
  objectIn(config["credHelpers"] ?? {}, file, "credHelpers");

function plainIn(config: JsonObject, file: string, keys: readonly string[] | "all"): readonly string[] {
  const auths = objectIn(config["auths"] ?? {}, file, "auths");
  return Object.keys(auths).filter((key) => {
    const entry = auths[key];
    if (typeof entry !== "object" || entry === null || (keys !== "all" && !keys.includes(key))) return false;
    return ["auth", "password", "identitytoken"].some((secret) => secret in entry);
  });
}

function objectIn(value: unknown, file: string, name: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw problem("docker_config_invalid", { file, reason: `${name} is not an object` });
}

/** As it was indented before; Docker itself writes tabs. */
function written(before: string, config: JsonObject, changed: readonly string[]): string {
  if (changed.length === 0) return before;
  const indent = /^\s*\{\r?\n([ \t]+)/.exec(before)?.[1] ?? "\t";
  const end = before === "" ? "\n" : (/\s*$/.exec(before)?.[0] ?? "");
  return JSON.stringify(config, undefined, indent) + end;
}
