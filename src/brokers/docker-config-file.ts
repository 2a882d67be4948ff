import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { problem, reasonOf } from "../errors.ts";
import { makeFolder } from "../make-folder.ts";
import { replace } from "../replace.ts";
import type { DockerConfigEdit } from "./docker-config.ts";

/** Docker's configuration: `config.json` in DOCKER_CONFIG, else in `.docker` of the home folder. */
export const dockerConfigFile = (dockerConfig: string | undefined, home: string): string =>
  join(
    dockerConfig === undefined || dockerConfig === "" ? join(home, ".docker") : dockerConfig,
    "config.json",
  );

/**
 * Changes Docker's configuration: whole or not at all, with its mode, through a symbolic link. One that is not there
 * is empty, and made (0600, its folder 0700) only where the edit changes something. Throws `file_unreadable`,
 * `file_unwritable` and what the edit throws.
 */
export async function editDockerConfig(
  file: string,
  edit: (text: string) => DockerConfigEdit,
): Promise<DockerConfigEdit> {
  const old = await readOld(file);
  const made = edit(old?.text ?? "");
  if (made.changed.length === 0) return made;
  if (old === undefined) {
    await makeFolder(dirname(file));
    await replace(file, made.text, { fresh: true });
    return made;
  }
  await replace(old.target, made.text, { mode: old.mode });
  return made;
}

async function readOld(file: string): Promise<{ text: string; target: string; mode: number } | undefined> {
  try {
    const target = await realpath(file);
    return { text: await readFile(target, "utf8"), target, mode: (await stat(target)).mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw problem("file_unreadable", { file, reason: reasonOf(error) }, error);
  }
}
