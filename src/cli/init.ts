import { existsSync } from "node:fs";
import { lstat, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { problem, reasonOf } from "../errors.ts";
import { createVault } from "../vault/vault.ts";
import { type Io, say } from "./io.ts";
import { configFile } from "./place.ts";

const help = `
Examples:
  postern init
  postern init --dir ./postern`;

/** `postern init`: a configuration, an identity and an empty vault, all three or none. */
export function define(io: Io): Command {
  return new Command("init")
    .description("write postern.yaml, identity.txt and an empty vault.age")
    .option("--dir <dir>", "the folder to write them to (default: the user's configuration folder)")
    .addHelpText("after", help)
    .action(async ({ dir }: { dir?: string }) => {
      const usual = configFile(io, undefined);
      const config = dir === undefined ? usual : join(resolve(io.cwd, dir), "postern.yaml");
      const folder = dirname(config);
      const files = { config, identity: join(folder, "identity.txt"), vault: join(folder, "vault.age") };
      await writeAll(files);
      const option = config === usual ? "" : ` --config ${config}`;
      say(io, `wrote ${files.config}: the configuration`);
      say(io, `wrote ${files.identity}: opens the vault; keep a copy in a safe place, and show it to nobody`);
      say(io, `wrote ${files.vault}: the vault, still empty`);
      say(io);
      say(io, "Next, with the certificate and the URL of your endpoint:");
      say(io, `  postern vault add certificate gen-cert --pem gen-cert.pem${option}`);
      say(io, `  postern endpoint add private-2 URL --credential gen-cert${option}`);
      say(io, `  postern serve${option}`);
    });
}

/** Writes all three files or, when that fails, none. Throws file_exists where one is there. */
async function writeAll(files: { config: string; identity: string; vault: string }): Promise<void> {
  for (const file of Object.values(files)) if (await isThere(file)) throw problem("file_exists", { file });
  const folder = dirname(files.config);
  let madeFolder: string | undefined;
  let madeConfig = false;
  try {
    madeFolder = await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(files.config, firstConfig(), { flag: "wx", mode: 0o600 });
    madeConfig = true;
  } catch (error) {
    await undo(files.config, madeConfig, madeFolder);
    throw problem("file_unwritable", { file: files.config, reason: reasonOf(error) }, error);
  }
  try {
    await createVault({ file: files.vault, identity: files.identity });
  } catch (error) {
    await undo(files.config, madeConfig, madeFolder);
    throw error;
  }
}

/** Removes what this command made: whole folders of its own, or the one file in a folder that was there. */
async function undo(file: string, madeConfig: boolean, madeFolder: string | undefined): Promise<void> {
  if (madeFolder !== undefined) await rm(madeFolder, { recursive: true, force: true });
  else if (madeConfig) await rm(file, { force: true });
}

/** A dangling symbolic link counts, too. */
async function isThere(file: string): Promise<boolean> {
  try {
    await lstat(file);
    return true;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw problem("file_unreadable", { file, reason: reasonOf(error) }, error);
  }
}

/** The line that gives editors the schema of this very installation; without one, nothing. */
function schemaLine(): string {
  const schema = join(import.meta.dirname, "..", "..", "config", "postern.schema.json");
  return existsSync(schema) ? `# yaml-language-server: $schema=${pathToFileURL(schema).href}\n` : "";
}

function firstConfig(): string {
  return `${schemaLine()}# Postern's configuration. config/postern.example.yaml in Postern's own folder explains every key; postern check
# looks for mistakes. A running gateway takes over a valid change of this file by itself.

# Where local requests arrive. Only this machine can reach these addresses.
# listen: [127.0.0.1:8080, "[::1]:8080"]

# Where health and metrics answer.
# admin: 127.0.0.1:8081

# The vault, and the identity that opens it. Paths are relative to this file.
vault: file:vault.age
identity: file:identity.txt

# Where requests go, and which items of the vault go with them. postern endpoint add writes here:
#   private-2:
#     url: https://private-2.example.com/openai/v1
#     credentials: [gen-cert]
endpoints:
`;
}
