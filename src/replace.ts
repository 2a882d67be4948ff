import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { link, lstat, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PosternError, problem, reasonOf } from "./errors.ts";
import { leaveToOwner } from "./owner.ts";

/** How `replace` names what it has not finished; `sweep` knows them by it. */
const unfinished = /\.[0-9a-f]{12}\.tmp$/;

interface Replacing {
  /** There may be no such file yet. */
  readonly fresh?: boolean | undefined;
  /** For its owner only, unless this says otherwise. */
  readonly mode?: number | undefined;
  /** Whose owner it gets where root makes it: one that replaces another keeps that one's. */
  readonly beside?: string | undefined;
  /** Done last before the new file takes its place; when it throws, the old one stays. */
  readonly check?: () => Promise<void>;
}

/**
 * Writes a file so that at every moment, power cuts included, it is there with its old content or with all of the new.
 * Throws `file_exists` for one that was to be fresh, and `file_unwritable`; it leaves nothing behind when it fails, or
 * when the process is ended meanwhile.
 */
export async function replace(file: string, bytes: Uint8Array | string, o: Replacing = {}): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  const discard = (): void => rmSync(temporary, { force: true });
  process.once("exit", discard);
  try {
    await write(temporary, bytes, o.mode ?? 0o600, o.beside === undefined ? [file] : [file, o.beside]);
    await o.check?.();
    if (o.fresh === true) await takeFreeName(temporary, file);
    else await rename(temporary, file);
  } catch (error) {
    throw unwritable(error, file);
  } finally {
    await rm(temporary, { force: true }).catch(() => {});
    process.off("exit", discard);
  }
  try {
    await syncFolder(file);
  } catch (error) {
    if (o.fresh === true) await rm(file, { force: true });
    throw error;
  }
}

/**
 * Removes what a killed process left of its attempts to replace `file`. Another that is at it just now fails, so a lock
 * is to be held, or none else to be expected.
 */
export const sweep = (file: string): Promise<void> => sweepFolder(dirname(file), `${basename(file)}.`);

/** The same for every file of a folder, or for those whose names begin so. */
export async function sweepFolder(folder: string, beginning = ""): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (name.startsWith(beginning) && unfinished.test(name))
      await rm(join(folder, name), { force: true }).catch(() => {});
}

async function write(
  temporary: string,
  bytes: Uint8Array | string,
  mode: number,
  owned: readonly string[],
): Promise<void> {
  const handle = await open(temporary, "wx", mode);
  try {
    await handle.writeFile(bytes);
    leaveToOwner(handle.fd, ...owned);
    // The mode that open() sets is cut by the umask.
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A link, other than a rename, fails where the name is taken. */
async function takeFreeName(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (error) {
    // A file system without links, such as a memory stick's.
    if (!["EPERM", "ENOTSUP", "ENOSYS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    const taken = await lstat(file).catch(() => undefined);
    if (taken !== undefined) throw problem("file_exists", { file }, error);
    await rename(temporary, file);
  }
}

function unwritable(error: unknown, file: string): PosternError {
  if (error instanceof PosternError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EEXIST") return problem("file_exists", { file }, error);
  const reason = code === "ENOENT" ? "there is no such folder" : reasonOf(error);
  return problem("file_unwritable", { file, reason }, error);
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
