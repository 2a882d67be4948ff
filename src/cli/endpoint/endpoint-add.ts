import { dirname, isAbsolute, relative, resolve } from "node:path";
import { Command, Option } from "commander";
import { type Config, type EndpointType, endpointTypes } from "../../config/config.ts";
import { addEndpoint, type NewEndpoint } from "../../config/edit.ts";
import { faultOfName } from "../../config/endpoint.ts";
import { parseEndpointUrl } from "../../config/endpoint-url.ts";
import { loadConfig } from "../../config/load.ts";
import { localBases } from "../../config/local-bases.ts";
import { editConfig } from "../../config/write.ts";
import { PosternError, problem } from "../../errors.ts";
import { pair } from "../../vault/pairing.ts";
import { type Io, say } from "../io.ts";
import { configFile, configOption } from "../place.ts";
import { tried } from "../tried.ts";
import { askedAmong } from "../../vault/tokens/asked-items.ts";
import { openVaultOf } from "../vault/vault-open.ts";

interface Options {
  readonly config?: string;
  readonly credential: readonly string[];
  readonly type?: EndpointType;
  readonly model?: readonly string[];
  readonly alias?: readonly string[];
  readonly ca?: string;
}

const help = `
Example:
  postern endpoint add private-2 https://private-2.example.com/openai/v1 --credential gen-cert \\
    --model meta-llama/Llama-3.2-3B-Instruct --alias llama=meta-llama/Llama-3.2-3B-Instruct`;

/** `postern endpoint add`: writes an endpoint into the configuration, and keeps every other line of it. */
export function defineAdd(io: Io): Command {
  return new Command("add")
    .description("add an endpoint to postern.yaml")
    .argument("<name>", "its name, a part of its local path /NAME/v1")
    .argument("<url>", "its base URL; a bare host gets https:// before it")
    .requiredOption(
      "--credential <item...>",
      "the vault items that it needs: a certificate, a bearer token, or both",
    )
    .addOption(
      new Option("--type <type>", "which kinds of credential it takes (default: dedicated)").choices(
        endpointTypes,
      ),
    )
    .option("--model <model...>", "the models that it serves, by its own ids")
    .option("--alias <local=id...>", "local names for its models")
    .option("--ca <file>", "PEM file of the CA that signed its server certificate, beside the system's own")
    .option(...configOption)
    .addHelpText("after", help)
    .action(async (name: string, url: string, options: Options) => {
      const file = configFile(io, options.config);
      if ((await loadConfig(file)).endpoints.has(name)) throw problem("endpoint_exists", { endpoint: name });
      const endpoint = newEndpoint(io, file, name, url, options);
      const config = await editConfig(
        file,
        (text) => addEndpoint(text, name, endpoint),
        (changed) => checkCredentials(io, changed, name),
      );
      const option = options.config === undefined ? "" : ` --config ${options.config}`;
      say(io, `added "${name}" to ${file}`);
      for (const base of localBases(config, name)) say(io, `local URL: ${base}`);
      say(io, `next: postern endpoint test ${name}${option}`);
    });
}

/** Throws `usage` for a name, url or alias that the file could not hold: said here in the words of the command line. */
function newEndpoint(io: Io, file: string, name: string, url: string, options: Options): NewEndpoint {
  const fault = faultOfName(name);
  if (fault !== undefined) throw problem("usage", { message: fault.wrong, hint: fault.wayOut });
  const reading = parseEndpointUrl(url);
  if ("wrong" in reading) throw problem("usage", { message: reading.wrong, hint: reading.wayOut });
  return {
    url: `${reading.value.origin}${reading.value.basePath}`,
    ...(options.type === undefined ? {} : { type: options.type }),
    credentials: options.credential,
    ...(options.model === undefined ? {} : { models: options.model }),
    ...(options.alias === undefined ? {} : { aliases: Object.fromEntries(options.alias.map(parseAlias)) }),
    ...(options.ca === undefined ? {} : { ca: nearPath(dirname(file), resolve(io.cwd, options.ca)) }),
  };
}

function parseAlias(text: string): readonly [local: string, id: string] {
  const [, local, id] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (local === undefined || id === undefined)
    throw problem("usage", {
      message: `--alias takes LOCAL=ID, not "${text}"`,
      hint: "write it as in --alias llama=meta-llama/Llama-3.2-3B-Instruct",
    });
  return [local, id];
}

/** The path as the file should hold it: relative within the file's own folder, which may move as a whole. */
function nearPath(folder: string, path: string): string {
  const near = relative(folder, path);
  return near.startsWith("..") || isAbsolute(near) ? path : near;
}

/** Throws what makes the vault's items unfit for the endpoint. A vault that cannot be opened is said, and stops nothing. */
async function checkCredentials(io: Io, config: Config, name: string): Promise<void> {
  const endpoint = config.endpoints.get(name);
  if (endpoint === undefined) throw problem("internal", { reason: `the endpoint "${name}" was not written` });
  const vault = await tried(openVaultOf(config, io));
  if (vault instanceof PosternError) {
    io.stderr.write(`warning: the credentials were not checked: ${vault.message}\nhint: ${vault.hint}\n`);
    return;
  }
  const findings = pair(endpoint, await askedAmong(vault, endpoint.credentials, io.ended), new Date());
  // A source may answer later.
  const wrong = findings.find(
    ({ level, error }) => level === "problem" && error.code !== "credential_unavailable",
  );
  if (wrong !== undefined) throw wrong.error;
  for (const { error } of findings) io.stderr.write(`warning: ${error.message}\nhint: ${error.hint}\n`);
}
