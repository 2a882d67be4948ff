import { mkdir, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { problem, reasonOf } from "./errors.ts";

/**
 * Makes a folder for its owner alone (0700), and those above it that are missing: all or none. Returns the uppermost
 * that it made; undefined where the folder was there. Throws `file_unwritable`.
 *
 * Node.js can do this, too, but tries for ever where the folder above is there and takes no other: in /proc.
 */
export async function makeFolder(folder: string): Promise<string | undefined> {
  try {
    return await make(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no folder can be made there" : reasonOf(error);
    throw problem("file_unwritable", { file: folder, reason }, error);
  }
}

async function make(folder: string): Promise<string | undefined> {
  if (await isThere(folder)) return undefined;
  const above = dirname(folder);
  const made = above === folder ? undefined : await make(above);
  try {
    await mkdir(folder, { mode: 0o700 });
    return made ?? folder;
  } catch (error) {
    // Another process has been faster.
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return made;
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  }
}

async function isThere(folder: string): Promise<boolean> {
  try {
    if ((await stat(folder)).isDirectory()) return true;
    throw new Error("it is no folder");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
