import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { localBases } from "../../config/local-bases.ts";
import { type Io, say, sayJson, table } from "../io.ts";
import { configFile, configOption } from "../place.ts";
import { sharedModels } from "./shared-models.ts";

const help = `
Example:
  postern endpoint list --json`;

/** `postern endpoint list`: the endpoints, what they need, and where they are reached from this machine. */
export function defineList(io: Io): Command {
  return new Command("list")
    .description("list the endpoints")
    .option(...configOption)
    .option("--json", "print them as JSON")
    .addHelpText("after", help)
    .action(async ({ config: option, json = false }: { config?: string; json?: boolean }) => {
      const config = await loadConfig(configFile(io, option));
      const endpoints = [...config.endpoints.values()].map((endpoint) => ({
        name: endpoint.name,
        type: endpoint.type,
        url: `${endpoint.origin}${endpoint.basePath}`,
        credentials: endpoint.credentials,
        models: endpoint.models,
        aliases: Object.fromEntries(endpoint.aliases),
        default: config.defaultEndpoint === endpoint.name,
        local: localBases(config, endpoint.name),
      }));
      if (json) return sayJson(io, endpoints);
      if (endpoints.length === 0)
        return say(io, "no endpoint yet; add one: postern endpoint add NAME URL --credential ITEM");
      const rows = endpoints.map(({ name, type, url, credentials, models, aliases }) => [
        name,
        type,
        url,
        credentials.join(", "),
        [...models, ...Object.keys(aliases)].join(", "),
      ]);
      say(io, table([["NAME", "TYPE", "URL", "CREDENTIALS", "MODELS"], ...rows]));
      const shared = sharedModels(config).map(({ model, text }) => [model, text]);
      if (shared.length > 0) say(io, `\n${table([["SHARED MODEL", "ENDPOINTS"], ...shared])}`);
    });
}
