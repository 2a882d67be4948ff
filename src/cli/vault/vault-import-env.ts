import { Command } from "commander";
import { problem } from "../../errors.ts";
import { parseDotEnv } from "../../vault/dot-env.ts";
import { checkFree, type Item, itemName } from "../../vault/item.ts";
import { environmentDraft } from "../../vault/kinds/environment-variable.ts";
import type { Field } from "../../vault/kinds/kind.ts";
import { type Io, say } from "../io.ts";
import { configOption } from "../place.ts";
import { openConfigured } from "./vault-open.ts";
import { readSecret } from "./vault-secret.ts";

const kind = "environment-variable";

/** The file as a whole, for whoever types it. */
const whole: Field = {
  name: "variables",
  label: "Variables, NAME=value on each line",
  secret: true,
  required: true,
  help: "a .env file",
  multiline: true,
};

/** `postern vault import-env`: the variables of a `.env` file, each as an item, all or none. */
export function defineImportEnv(io: Io): Command {
  return new Command("import-env")
    .description("add every variable of a .env file as an environment variable, all or none")
    .argument("<file>", "the .env file; - is standard input")
    .option("--replace", "put them in the place of environment variables of the same names")
    .option(...configOption)
    .addHelpText("after", "\nExample: postern vault import-env .env && rm .env")
    .action((file: string, o: { replace?: true; config?: string }) => importEnv(io, file, o));
}

async function importEnv(io: Io, file: string, o: { replace?: true; config?: string }): Promise<void> {
  const vault = await openConfigured(io, o.config, "vault import-env");
  const { secret, source } = await readSecret(io, file, whole, file);
  const now = new Date();
  const items: Item[] = [];
  const empty: string[] = [];
  const taken: string[] = [];
  for (const { variable, value, line } of parseDotEnv(secret.expose(), source)) {
    if (value.expose() === "") {
      empty.push(variable);
      continue;
    }
    if (!itemName.test(variable))
      throw problem("env_file_invalid", {
        source,
        line,
        reason: `${variable} cannot be an item's name`,
        fix: `take it out, and add it by itself: postern vault add environment-variable NAME --variable ${variable}`,
      });
    const old = vault.find(variable);
    if (old?.kind !== kind) checkFree(vault.items(), variable);
    else if (!o.replace) taken.push(variable);
    const created = old?.created ?? now;
    items.push({ name: variable, kind, created, changed: now, ...environmentDraft(variable, value) });
  }
  if (taken.length > 0) throw problem("variables_taken", { known: taken });
  if (items.length === 0)
    throw problem("env_file_invalid", {
      source,
      reason: "it sets no variable",
      fix: "write one NAME=value on a line",
    });
  await vault.import(items, { replace: o.replace === true });
  say(
    io,
    `added ${items.length} environment variable${items.length === 1 ? "" : "s"}: ${items.map(({ name }) => name).join(", ")}`,
  );
  if (empty.length > 0) say(io, `left out, for they are empty: ${empty.join(", ")}`);
  if (file !== "-")
    say(io, `${file} still holds them in plain text: remove it once nothing reads it any more`);
}
