import { randomBytes } from "node:crypto";
import { type FileHandle, link, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { problem, reasonOf } from "../../errors.ts";

/** How `replace` names what it has not finished; `sweep` knows them by it. */
const unfinished = /\.[0-9a-f]{12}\.tmp$/;

/**
 * Writes a file (0600) so that at every moment, power cuts included, it is there with its old content or with all of
 * the new. With `fresh`, throws `file_exists` where there is one. Throws `file_unwritable` and leaves nothing behind
 * when it fails.
 */
export async function replace(file: string, bytes: Uint8Array | string, fresh = false): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await keepOwner(handle, file);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A link, other than a rename, fails where the name is taken.
    if (fresh) await link(temporary, file);
    else await rename(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw problem("file_exists", { file }, error);
    throw problem("file_unwritable", { file, reason: reasonOf(error) }, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
  }
  try {
    await syncFolder(file);
  } catch (error) {
    if (fresh) await rm(file, { force: true });
    throw error;
  }
}

/** Removes what a killed process left of its attempts to replace `file`. Another that is at it just now fails, so a lock is to be held, or none else to be expected. */
export const sweep = (file: string): Promise<void> => sweepFolder(dirname(file), `${basename(file)}.`);

/** The same for every file of a folder, or for those whose names begin so. */
export async function sweepFolder(folder: string, beginning = ""): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(beginning) && unfinished.test(name))
      await rm(join(folder, name), { force: true }).catch(() => {});
}

/** Root that changes a user's file leaves it the user's, who could not read it any more otherwise. */
async function keepOwner(handle: FileHandle, file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const old = await stat(file).catch(() => undefined);
  if (old !== undefined && old.uid !== 0) await handle.chown(old.uid, old.gid);
}

/** Makes a new name durable. Throws `file_not_durable`. */
async function syncFolder(file: string): Promise<void> {
  // Windows cannot open a folder.
  if (process.platform === "win32") return;
  try {
    const handle = await open(dirname(file), "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Some network file systems do not sync folders, and say so with EINVAL.
    if ((error as NodeJS.ErrnoException).code === "EINVAL") return;
    throw problem("file_not_durable", { file, reason: reasonOf(error) }, error);
  }
}
