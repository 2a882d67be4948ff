import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { Command } from "commander";
import { registryItems } from "../../brokers/docker-credential.ts";
import { dockerConfigFile, editDockerConfig } from "../../brokers/docker-config-file.ts";
import { type DockerConfigEdit, withHelper, withoutHelper } from "../../brokers/docker-config.ts";
import { problem } from "../../errors.ts";
import { installationFolder } from "../../installation.ts";
import { dockerHub } from "../../vault/image-reference.ts";
import { factOf } from "../../vault/kinds/value.ts";
import { dockerKey, registryFamily, registryOf } from "../../vault/registry.ts";
import { type Io, say } from "../io.ts";
import { configOption } from "../place.ts";
import { openConfigured } from "../vault/vault-open.ts";

interface Options {
  readonly registry?: readonly string[];
  readonly all?: true;
  readonly config?: string;
}

const program = "docker-credential-postern";
const everyRegistry = "every registry that no other helper is named for";

/** `postern docker-credential install`: has Docker ask the vault. */
export function defineInstall(io: Io): Command {
  return new Command("install")
    .description(
      "have docker, podman and skopeo ask the vault: edits ~/.docker/config.json, or DOCKER_CONFIG's",
    )
    .option(
      "--registry <host...>",
      "for these registries (default: those that the vault has credentials for)",
    )
    .option("--all", `for ${everyRegistry}; docker login then writes into the vault`)
    .option(...configOption)
    .addHelpText("after", "\nExample: postern docker-credential install --registry nvcr.io")
    .action(async (o: Options) => {
      const file = fileOf(io);
      const registries = o.all && o.registry === undefined ? undefined : await wanted(io, o);
      if (o.all && registries !== undefined)
        throw problem("usage", {
          message: "--all is for every registry, and --registry for some",
          hint: "leave one of them out",
        });
      const keys = registries?.flatMap(keysOf) ?? "all";
      const edit = await editDockerConfig(file, (text) =>
        withHelper(text, file, keys, o.registry !== undefined),
      );
      report(io, file, edit, "now asks Postern for", "asks Postern already");
      await warnOfPath(io);
    });
}

/** `postern docker-credential uninstall`: takes that back. */
export function defineUninstall(io: Io): Command {
  return new Command("uninstall")
    .description("take that back; the vault keeps its credentials")
    .option("--registry <host...>", "for these registries only")
    .addHelpText("after", "\nExample: postern docker-credential uninstall")
    .action(async (o: Options) => {
      const file = fileOf(io);
      const keys = o.registry?.map(registryNamed).flatMap(keysOf) ?? "all";
      const edit = await editDockerConfig(file, (text) => withoutHelper(text, file, keys));
      report(io, file, edit, "no longer asks Postern for", "does not ask Postern");
    });
}

const fileOf = (io: Io): string =>
  resolve(io.cwd, dockerConfigFile(io.env["DOCKER_CONFIG"], io.env["HOME"] ?? homedir()));

/** Docker Hub has two keys: docker asks by the one, podman and skopeo by the other. */
const keysOf = (registry: string): readonly string[] =>
  registry === dockerHub ? [dockerKey(registry), registry] : [registry];

async function wanted(io: Io, { registry, config }: Options): Promise<readonly string[]> {
  if (registry !== undefined) return registry.map(registryNamed);
  const items = registryItems(await openConfigured(io, config, "docker-credential install"));
  if (items.length > 0) return [...new Set(items.map((item) => factOf(item, "registry")))];
  throw problem("usage", {
    message: "the vault has no registry credentials yet",
    hint: "add some: postern vault add registry-credentials NAME --image IMAGE; or name the registries with --registry HOST, or all with --all",
  });
}

function registryNamed(given: string): string {
  const registry = registryOf(given);
  if (registry !== undefined) return registry;
  throw problem("usage", {
    message: `--registry: "${given}" is not a registry's host`,
    hint: "give the host alone, such as nvcr.io or 127.0.0.1:5000",
  });
}

function report(io: Io, file: string, edit: DockerConfigEdit, changes: string, otherwise: string): void {
  const { changed, left, plain } = edit;
  for (const key of changed) say(io, `Docker ${changes} ${titled(key)}`);
  if (changed.length > 0) say(io, `changed ${file}`);
  else if (left.length === 0) say(io, `nothing to change: Docker ${otherwise}, in ${file}`);
  for (const { key, helper } of left)
    say(
      io,
      key === "credsStore"
        ? `Docker's credsStore is "${helper}", and stays; name registries for Postern with --registry HOST`
        : `${titled(key)} stays with the helper "${helper}"; to have Postern asked: --registry ${key}`,
    );
  for (const key of plain)
    io.stderr.write(
      `warning: ${file} still holds a password for ${key} itself, where everybody can read it who reads the file\n` +
        `hint: once docker pull works with Postern, remove that entry under "auths"\n`,
    );
}

function titled(key: string): string {
  if (key === "credsStore") return everyRegistry;
  const registry = registryOf(key) ?? key;
  return `${key} (${registryFamily(registry).title})`;
}

/** Docker finds a helper by its name on PATH alone. */
async function warnOfPath(io: Io): Promise<void> {
  for (const folder of (io.env["PATH"] ?? "").split(delimiter)) {
    try {
      if (folder === "") continue;
      await access(join(folder, program), constants.X_OK);
      return;
    } catch {
      // Not in this one.
    }
  }
  io.stderr.write(
    `warning: ${program} is not on PATH, where Docker looks for it\n` +
      `hint: export PATH="${join(installationFolder(), "bin")}:$PATH"\n`,
  );
}
