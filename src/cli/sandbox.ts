import { once } from "node:events";
import { resolve } from "node:path";
import { Command } from "commander";
import { similar } from "../config/similar.ts";
import { problem } from "../errors.ts";
import { type Demand, demands } from "../sandbox/demand.ts";
import { type Sandbox, startSandbox } from "../sandbox/endpoint.ts";
import { type Io, say } from "./io.ts";
import { quote } from "./quote.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const help = `
It answers as an OpenAI-compatible server does. A request's header x-sandbox makes it slow, or makes it fail:
  delay=500ms, pace=20ms, fail=503, break-after=3, hang, length=200

Example:
  postern sandbox --require certificate,bearer-token`;

/** `postern sandbox`: a private endpoint on this machine, until it is asked to end. */
export function define(io: Io): Command {
  return new Command("sandbox")
    .description("run a private endpoint on this machine to try things against")
    .option("--port <number>", "port on 127.0.0.1; 0 lets the system choose", "0")
    .option("--require <list>", `what it demands, with commas between: ${demands.join(", ")}`, "certificate")
    .option(
      "--out <folder>",
      "where it writes its credentials (default: a temporary folder, removed at the end)",
    )
    .addHelpText("after", help)
    .action(async (options: { port: string; require: string; out?: string }) => {
      const port = readPort(options.port);
      const require = readDemands(options.require);
      io.hold();
      if (options.out !== undefined) {
        const sandbox = await startSandbox({ port, require, folder: resolve(io.cwd, options.out) });
        await stayUp(io, sandbox, require, "Its files stay where they are.");
        return;
      }
      await using folder = await temporaryFolder("postern-sandbox-");
      const sandbox = await startSandbox({ port, require, folder: folder.path });
      await stayUp(io, sandbox, require, "Its files are removed then.");
    });
}

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw problem("usage", { message: `--port is "${text}"`, hint: "give a whole number from 0 to 65535" });
}

function readDemands(text: string): readonly Demand[] {
  return [...new Set(text.split(",").map((part) => readDemand(part.trim())))];
}

function readDemand(name: string): Demand {
  const demand = demands.find((known) => known === name);
  if (demand !== undefined) return demand;
  const near = similar(name, demands);
  throw problem("usage", {
    message: `--require names "${name}", which a sandbox cannot demand`,
    hint: near === undefined ? `it can demand: ${demands.join(", ")}` : `did you mean "${near}"?`,
  });
}

/** Says where it is and how to use it, and stops it when the command is asked to end. */
async function stayUp(io: Io, sandbox: Sandbox, require: readonly Demand[], files: string): Promise<void> {
  try {
    const { url, ca, certificate, bearerTokenFile, serverlessApiKeyFile } = sandbox;
    say(io, JSON.stringify({ ready: true, url, ca, certificate, bearerTokenFile, serverlessApiKeyFile }));
    io.stderr.write(`${guidance(sandbox, require)}\n\nIt runs until it is interrupted (Ctrl-C). ${files}\n`);
    if (!io.ended.aborted) await once(io.ended, "abort");
  } finally {
    await sandbox.stop();
  }
}

/** The commands that put the gateway in front of it. */
function guidance(sandbox: Sandbox, require: readonly Demand[]): string {
  const { url, ca, certificate, bearerTokenFile, serverlessApiKeyFile } = sandbox;
  const title = `A private endpoint that demands: ${require.join(", ")}.`;
  // An endpoint is of one type: with both tokens demanded, the one of a dedicated endpoint is enough.
  const serverless = bearerTokenFile === undefined && serverlessApiKeyFile !== undefined;
  if (serverless && certificate !== undefined)
    return `${title}\nNo endpoint of Postern takes both: a serverless endpoint takes only a serverless API key.`;
  const items: { name: string; add: string }[] = [];
  const offer = (name: string, kind: string, option: string, file: string | undefined): void => {
    if (file !== undefined) items.push({ name, add: `${kind} ${name} ${option} ${quote(file)}` });
  };
  offer("sandbox-client", "certificate", "--pem", certificate);
  offer("sandbox-token", "bearer-token", "--file", bearerTokenFile);
  if (serverless) offer("sandbox-key", "serverless-api-key", "--file", serverlessApiKeyFile);
  const credentials = items.map(({ name }) => ` --credential ${name}`).join("");
  const type = serverless ? " --type serverless" : "";
  return [
    title,
    "To put the gateway in front of it, once postern init has made a configuration:",
    "",
    ...items.map(({ add }) => `  postern vault add ${add}`),
    `  postern endpoint add sandbox ${url}${type} --ca ${quote(ca)}${credentials}`,
    "  postern serve",
  ].join("\n");
}
