import { open, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { problem, reasonOf } from "../errors.ts";
import type { Kind } from "../vault/kinds/kind.ts";
import type { Io } from "./io.ts";

/**
 * Writes an item's file (0600) into a folder and returns its path. Throws `file_exists` where there is one, and leaves
 * nothing behind when it fails.
 */
export async function saveDownload(
  io: Io,
  { fileName, content }: ReturnType<Kind["download"]>,
  folder: string,
): Promise<string> {
  const file = join(resolve(io.cwd, folder), fileName);
  let created = false;
  try {
    const handle = await open(file, "wx", 0o600);
    created = true;
    try {
      await handle.writeFile(content.expose());
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (created) await discard(file);
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw problem("file_exists", { file }, error);
    const reason = code === "ENOENT" ? "there is no such folder" : reasonOf(error);
    throw problem("file_unwritable", { file, reason }, error);
  }
  return file;
}

/** Removes a file that this command has written. */
export const discard = (file: string): Promise<void> => rm(file, { force: true });
