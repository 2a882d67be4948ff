import { Command } from "commander";
import { removeKey } from "../config/edit.ts";
import { loadConfig } from "../config/load.ts";
import { refuseUnknownName } from "../config/new-key.ts";
import { editConfig } from "../config/write.ts";
import type { LocalKeyConfig } from "../config/config.ts";
import { type Io, say, sayJson, table } from "./io.ts";
import { defineAdd } from "./key-add.ts";
import { configFile, configOption } from "./place.ts";
import { recorderOf } from "./vault/vault-open.ts";

interface Options {
  readonly config?: string;
  readonly json?: true;
}

/** `postern key`: the local keys, by which the gateway tells the applications of this machine apart. */
export function define(io: Io): Command {
  return new Command("key")
    .description("add, list and remove the local keys of applications")
    .addCommand(defineAdd(io))
    .addCommand(
      new Command("list")
        .description("list the keys and what each may use; the keys themselves are not kept")
        .option(...configOption)
        .option("--json", "print JSON")
        .addHelpText("after", "\nExample: postern key list --json")
        .action((options: Options) => list(io, options)),
    )
    .addCommand(
      new Command("remove")
        .description("remove a key: a running gateway refuses it from then on")
        .argument("<name>", "the key's name")
        .option(...configOption)
        .addHelpText("after", "\nExample: postern key remove editor")
        .action((name: string, options: Options) => remove(io, name, options)),
    )
    .addHelpText("after", "\nExample: postern key add editor --endpoint private-2 --out editor.key");
}

async function list(io: Io, { config: option, json }: Options): Promise<void> {
  const { keys } = await loadConfig(configFile(io, option));
  const all = [...(keys?.values() ?? [])];
  if (json) return sayJson(io, all.map(summaryOf));
  if (all.length === 0)
    return say(
      io,
      keys === undefined
        ? "no key is demanded; the first one that is added changes that: postern key add NAME"
        : "there is no key, so every request is refused; add one: postern key add NAME",
    );
  const rows = all.map(({ name, endpoints, models, limits }) => [
    name,
    endpoints.join(", ") || "all",
    models.join(", ") || "all",
    limitWords(limits).join(", ") || "none",
  ]);
  say(io, table([["NAME", "ENDPOINTS", "MODELS", "LIMITS"], ...rows]));
}

const summaryOf = ({ name, endpoints, models, limits }: LocalKeyConfig) => ({
  name,
  endpoints: endpoints.length > 0 ? endpoints : "all",
  models: models.length > 0 ? models : "all",
  limits: {
    requestsPerMinute: limits.requestsPerMinute ?? null,
    tokensPerMinute: limits.tokensPerMinute ?? null,
    concurrency: limits.concurrency ?? null,
  },
});

function limitWords({ requestsPerMinute, tokensPerMinute, concurrency }: LocalKeyConfig["limits"]): string[] {
  return [
    ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} tokens/min`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
  ];
}

async function remove(io: Io, name: string, { config: option }: Options): Promise<void> {
  const file = configFile(io, option);
  const config = await loadConfig(file);
  refuseUnknownName(name, config);
  const { keys } = await editConfig(file, (text) => removeKey(text, name));
  recorderOf(io, config, "key remove")({ action: "key-remove", about: name });
  say(io, `removed the key "${name}" from ${file}`);
  if (keys?.size === 0)
    say(io, "it was the last one: every request is refused until one is added, or the line keys: is removed");
}
