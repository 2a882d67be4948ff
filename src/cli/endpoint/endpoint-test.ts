import { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { PosternError, problem } from "../../errors.ts";
import { attachmentOf } from "../../gateway/upstream/attach.ts";
import { systemAuthorities } from "../../gateway/upstream/dial.ts";
import { probe, type Step } from "../../gateway/upstream/probe.ts";
import type { Item } from "../../vault/item.ts";
import { describeSource, sourceOf } from "../../vault/tokens/token-source.ts";
import { endpointNamed } from "./endpoint-named.ts";
import { Exit, type Io, say, sayError, sayJson } from "../io.ts";
import { localBases } from "../local-bases.ts";
import { configFile, configOption } from "../place.ts";
import { askedAmong } from "../vault/vault-asked.ts";
import { openVaultOf, recorderOf } from "../vault/vault-open.ts";

const labels: Record<Step["name"] | "credentials", string> = {
  credentials: "credentials",
  dns: "DNS",
  connection: "connection",
  certificate: "client certificate",
  token: "token",
  models: "models",
};
const width = Math.max(...Object.values(labels).map((label) => label.length));

const line = (name: keyof typeof labels, ok: boolean, text: string): string =>
  `${ok ? "✓" : "✗"} ${labels[name].padEnd(width)}  ${text}`;

/** Where the credentials come from. */
function heldText(names: readonly string[], find: (name: string) => Item | undefined): string {
  const held = names.map((name) => {
    const item = find(name);
    const source = item && sourceOf(item);
    return source === undefined ? name : `${name} (from the ${describeSource(source)})`;
  });
  return `the vault holds ${held.join(", ")}`;
}

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
      const steps: (Omit<Step, "name"> & { readonly name: keyof typeof labels })[] = [];
      const show = (step: (typeof steps)[number]): void => {
        steps.push(step);
        if (options.json !== true) say(io, line(step.name, step.ok, step.text));
      };
      try {
        const find = await askedAmong(vault, endpoint.credentials);
        const attachment = attachmentOf(endpoint, find, new Date());
        for (const item of endpoint.credentials)
          record({ action: "attach", item, endpoint: name, about: endpoint.origin });
        show({ name: "credentials", ok: true, text: heldText(endpoint.credentials, find) });
        for await (const step of probe(endpoint, attachment, systemAuthorities())) show(step);
      } catch (error) {
        if (!(error instanceof PosternError)) throw error;
        show({ name: "credentials", ok: false, text: error.message, hint: error.hint });
      }
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
