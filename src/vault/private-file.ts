import type { Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { PosternError, problem, reasonOf } from "../errors.ts";

/** Bits by which others than the owner can read, write or enter. */
const forOthers = 0o077;
const sticky = 0o1000;

/**
 * Reads a file that only its owner may read, and checks that on the open file. Undefined where there is none.
 * Throws `identity_exposed`, `vault_folder_exposed` or `file_unreadable`.
 */
export const readPrivate = (file: string): Promise<Buffer | undefined> =>
  readChecked(file, (stats) => {
    if (isExposed(stats)) throw problem("identity_exposed", { file, mode: modeOf(stats.mode) });
  });

/**
 * Reads a file, checked as it was opened, in a folder where nobody else can have put it. Undefined where there is none.
 * Throws what `check` does, `vault_folder_exposed` or `file_unreadable`.
 */
export async function readChecked(file: string, check: (stats: Stats) => void): Promise<Buffer | undefined> {
  try {
    const handle = await open(file, "r");
    try {
      check(await handle.stat());
      await checkFolder(file);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof PosternError) throw error;
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw problem("file_unreadable", { file, reason: reasonOf(error) }, error);
  }
}

/**
 * Throws `vault_folder_exposed` where anybody can put another file in the place of this one. In a folder with the sticky
 * bit, such as one that Kubernetes mounts, only a file's owner can.
 */
async function checkFolder(file: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = dirname(file);
  const { mode } = await stat(folder);
  if ((mode & 0o002) !== 0 && (mode & sticky) === 0)
    throw problem("vault_folder_exposed", { folder, mode: modeOf(mode) });
}

/** A file's mode as chmod takes it. */
export const modeOf = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, "0");

/**
 * Whether others than its owner can read or write it. Kubernetes mounts a secret as root's, readable by the pod's own
 * group (0440 with fsGroup): that is as private as such a mount can be, where we read it through that group.
 */
function isExposed(stats: Stats): boolean {
  const uid = process.getuid?.();
  // Windows has no such modes.
  if (uid === undefined || (stats.mode & forOthers) === 0) return false;
  const ours = [process.getegid?.(), ...(process.getgroups?.() ?? [])].includes(stats.gid);
  return !(stats.uid === 0 && uid !== 0 && ours && (stats.mode & 0o037) === 0);
}
