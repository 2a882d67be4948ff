import { Command } from "commander";
import { removeEndpoint } from "../../config/edit.ts";
import { loadConfig } from "../../config/load.ts";
import { editConfig } from "../../config/write.ts";
import { problem } from "../../errors.ts";
import { endpointNamed } from "./endpoint-named.ts";
import { type Io, say } from "../io.ts";
import { configFile, configOption } from "../place.ts";

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
      const config = await loadConfig(file);
      endpointNamed(config, name);
      if (config.defaultEndpoint === name)
        throw problem("usage", {
          message: `"${name}" is the default-endpoint`,
          hint: `name another with default-endpoint: in ${file}, or remove that line first`,
        });
      await editConfig(file, (text) => removeEndpoint(text, name));
      say(io, `removed "${name}" from ${file}; its vault items are still there`);
    });
}
