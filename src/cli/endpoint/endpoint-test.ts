import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { localBases } from "../../config/local-bases.ts";
import { problem } from "../../errors.ts";
import { walk, type WalkStep } from "../../gateway/upstream/walk.ts";
import { endpointNamed } from "./endpoint-named.ts";
import { Exit, type Io, say, sayError, sayJson } from "../io.ts";
import { configFile, configOption } from "../place.ts";
import { openVaultOf, recorderOf } from "../vault/vault-open.ts";

const labels: Record<WalkStep["name"], string> = {
  credentials: "credentials",
  dns: "DNS",
  connection: "connection",
  certificate: "client certificate",
  token: "token",
  models: "models",
};
const width = Math.max(...Object.values(labels).map((label) => label.length));

const line = ({ name, ok, text }: WalkStep): string =>
  `${ok ? "✓" : "✗"} ${labels[name].padEnd(width)}  ${text}`;

/** `postern endpoint test`: walks the way of a request and says where it ends. */
export function defineTest(io: Io): Command {
  return new Command("test")
    .description(
      "show each step to an endpoint (DNS, TLS, client certificate, token, models), and what is wrong",
    )
    .argument("<name>", "the endpoint, as the configuration names it")
    .option(...configOption)
    .option("--json", "print the steps as JSON")
    .addHelpText("after", "\nExample:\n  postern endpoint test private-2")
    .action(async (name: string, options: { config?: string; json?: boolean }) => {
      const config = await loadConfig(configFile(io, options.config));
      const endpoint = endpointNamed(config, name);
      const vault = await openVaultOf(config, io);
      const record = recorderOf(io, config, "endpoint test");
      const steps: WalkStep[] = [];
      for await (const step of walk(endpoint, { vault, record, signal: io.ended })) {
        steps.push(step);
        if (options.json !== true) say(io, line(step));
      }
      // Cut off, it has proven nothing.
      if (io.ended.aborted) throw new Exit(1);
      const failed = steps.find(({ ok }) => !ok);
      if (options.json === true) sayJson(io, { endpoint: name, ok: failed === undefined, steps });
      else if (failed === undefined)
        say(io, `\n${name} is ready; once postern serve runs: ${localBases(config, name).join(", ")}`);
      if (failed === undefined) return;
      if (options.json !== true)
        sayError(
          io,
          problem("endpoint_not_ready", { endpoint: name, reason: failed.text, fix: failed.hint ?? "" }),
        );
      throw new Exit(1);
    });
}
