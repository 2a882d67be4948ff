import { existsSync } from "node:fs";
import { lstat, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "commander";
import { makeAdminToken } from "../admin/access/token.ts";
import { problem, reasonOf } from "../errors.ts";
import type { IdentityPlace } from "../config/config.ts";
import { parseIdentity } from "../config/identity.ts";
import { installationFolder } from "../installation.ts";
import { makeFolder } from "../make-folder.ts";
import { replace } from "../replace.ts";
import type { Secret } from "../secret.ts";
import { nameOfPlace } from "../vault/identity/identity.ts";
import { createVault } from "../vault/vault.ts";
import { type Io, say } from "./io.ts";
import { newPassphrase } from "./passphrase.ts";
import { configFile } from "./place.ts";

const help = `
Examples:
  postern init
  postern init --dir ./postern
  postern init --passphrase
  postern init --keyring postern`;

interface Options {
  readonly dir?: string;
  readonly passphrase?: true;
  readonly passphraseFile?: string;
  readonly keyring?: string;
}

/** What is written, and what the identity is encrypted with. */
interface Plan {
  readonly config: string;
  readonly vault: string;
  readonly identity: IdentityPlace;
  readonly adminToken: string;
  readonly passphrase: Secret | undefined;
}

/** `postern init`: a configuration, an identity, an empty vault and an admin token, all or none. */
export function define(io: Io): Command {
  return new Command("init")
    .description("write postern.yaml, identity.txt and an empty vault.age")
    .option("--dir <dir>", "the folder to write them to (default: the user's configuration folder)")
    .option("--passphrase", "encrypt the identity with a passphrase, which is asked for")
    .option("--passphrase-file <file>", "encrypt the identity with the passphrase in this file")
    .option("--keyring <name>", "put the identity into the system's keyring instead, under this name")
    .addHelpText("after", help)
    .action(async (o: Options) => {
      const { dir } = o;
      const usual = configFile(io, undefined);
      const config = dir === undefined ? usual : join(resolve(io.cwd, dir), "postern.yaml");
      const folder = dirname(config);
      const identity = identityOf(o.keyring, folder);
      const name = nameOfPlace(identity);
      const passphrase = await passphraseOf(io, name, o);
      const files: Plan = {
        config,
        identity,
        vault: join(folder, "vault.age"),
        adminToken: join(folder, "admin-token"),
        passphrase,
      };
      await writeAll(io, files);
      const option = config === usual ? "" : ` --config ${config}`;
      say(io, `wrote ${files.config}: the configuration`);
      say(io, `wrote ${name}: opens the vault; keep a copy in a safe place, and show it to nobody`);
      say(io, `wrote ${files.vault}: the vault, still empty`);
      say(io, `wrote ${files.adminToken}: opens the console and its API; show it to nobody`);
      say(io);
      say(io, "Next, with the certificate and the URL of your endpoint:");
      say(io, `  postern vault add certificate gen-cert --pem gen-cert.pem${option}`);
      say(io, `  postern endpoint add private-2 URL --credential gen-cert${option}`);
      say(io, `  postern serve${option}`);
    });
}

/** Writes all files or, when that fails, none. Throws file_exists where one is there. */
async function writeAll(io: Io, files: Plan): Promise<void> {
  using _ = io.hold();
  const { config, identity, vault, adminToken } = files;
  for (const file of [config, ...("file" in identity ? [identity.file] : []), vault, adminToken])
    if (await isThere(file)) throw problem("file_exists", { file });
  const madeFolder = await makeFolder(dirname(config));
  const made: string[] = [];
  try {
    await replace(config, firstConfig(identity), { fresh: true });
    made.push(config);
    await makeAdminToken(adminToken);
    made.push(adminToken);
    const { vault: file, passphrase } = files;
    await createVault({ file, identity, ...(passphrase !== undefined && { passphrase }) });
  } catch (error) {
    await undo(made, madeFolder);
    throw error;
  }
}

/** Removes what this command made: whole folders of its own, or its files in a folder that was there. */
async function undo(made: readonly string[], madeFolder: string | undefined): Promise<void> {
  if (madeFolder !== undefined) await rm(madeFolder, { recursive: true, force: true });
  else for (const file of made) await rm(file, { force: true });
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
  const schema = join(installationFolder(), "config", "postern.schema.json");
  return existsSync(schema) ? `# yaml-language-server: $schema=${pathToFileURL(schema).href}\n` : "";
}

/** Where the identity is to be. Throws `usage` for a name that no entry of a keyring can have. */
function identityOf(keyring: string | undefined, folder: string): IdentityPlace {
  const passphrase = { prompt: true } as const;
  if (keyring === undefined) return { file: join(folder, "identity.txt"), passphrase };
  const read = parseIdentity(`keyring:${keyring}`, folder, passphrase);
  if ("value" in read) return read.value;
  throw problem("usage", {
    message: "--keyring: an entry cannot have this name",
    hint: "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
  });
}

async function passphraseOf(io: Io, identity: string, o: Options): Promise<Secret | undefined> {
  if (o.passphrase === undefined && o.passphraseFile === undefined) return undefined;
  if (o.keyring === undefined) return newPassphrase(io, identity, o.passphraseFile);
  throw problem("usage", {
    message: "an identity in the keyring takes no passphrase: the keyring has a lock of its own",
    hint: "leave --keyring out, or the passphrase",
  });
}

function firstConfig(identity: IdentityPlace): string {
  return `${schemaLine()}# Postern's configuration. config/postern.example.yaml in Postern's own folder explains every key; postern check
# looks for mistakes. A running gateway takes over a valid change of this file by itself.

# Where local requests arrive. Only this machine can reach these addresses.
# listen: [127.0.0.1:8080, "[::1]:8080"]

# Where the console, its API, health and metrics answer.
# admin: 127.0.0.1:8081

# The vault, and the identity that opens it. Paths are relative to this file.
vault: file:vault.age
identity: ${"keyring" in identity ? nameOfPlace(identity) : "file:identity.txt"}

# What programs bring to use the API of the admin listener; postern console opens its pages.
admin-token: file:admin-token

# Where requests go, and which items of the vault go with them. postern endpoint add writes here:
#   private-2:
#     url: https://private-2.example.com/openai/v1
#     credentials: [gen-cert]
endpoints:
`;
}
