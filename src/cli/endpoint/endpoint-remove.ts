import { Command } from "commander";
import type { Config } from "../../config/config.ts";
import { removeEndpoint } from "../../config/edit.ts";
import { loadConfig } from "../../config/load.ts";
import { removeFromConfig } from "../../config/write.ts";
import { PosternError, problem } from "../../errors.ts";
import { endpointNamed } from "./endpoint-named.ts";
import { type Io, say } from "../io.ts";
import { configFile, configOption } from "../place.ts";
import { tried } from "../tried.ts";

const help = `
Example:
  postern endpoint remove private-2`;

/** `postern endpoint remove`: takes an endpoint out of the configuration; its vault items stay. */
export function defineRemove(io: Io): Command {
  return new Command("remove")
    .description("remove an endpoint from postern.yaml")
    .argument("<name>", "the endpoint's name")
    .option(...configOption)
    .addHelpText("after", help)
    .action(async (name: string, options: { config?: string }) => {
      const file = configFile(io, options.config);
      const config = await tried(loadConfig(file));
      if (!(config instanceof PosternError)) checkRemovable(config, name);
      // It may be this very endpoint that has a problem.
      else if (config.code !== "config_invalid") throw config;
      const left = await removeFromConfig(file, (text) => {
        const changed = removeEndpoint(text, name);
        if (changed === text && config instanceof PosternError) throw config;
        return changed;
      });
      say(io, `removed "${name}" from ${file}; its vault items are still there`);
      if (left.length === 0) return;
      const { message } = problem("config_invalid", { file, problems: left });
      const hint = "a gateway that runs goes on as before until that is right; postern check looks again";
      io.stderr.write(`warning: ${message}\nhint: ${hint}\n`);
    });
}

function checkRemovable(config: Config, name: string): void {
  endpointNamed(config, name);
  if (config.defaultEndpoint === name)
    throw problem("usage", {
      message: `"${name}" is the default-endpoint`,
      hint: `name another with default-endpoint: in ${config.file}, or remove that line first`,
    });
}
