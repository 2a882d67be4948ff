import { lchown, lstat, readdir, readFile, realpath, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { PosternError, problem, reasonOf } from "../../errors.ts";
import { makeFolder } from "../../make-folder.ts";
import { ownerLike } from "../../owner.ts";
import { replace, sweepFolder } from "../../replace.ts";

/** Generations that are kept, the newest among them. */
const kept = 10;

/** A generation's number, and the beginning of the sealed file's hash: another vault may have had the same numbers. */
const backupName = /^(\d{8,15})-[0-9a-f]{8}\.age$/;
const folderOf = (file: string): string => `${file}.backups`;

/** The backups of a vault's file, the one that was written last first. None where there is no folder of them. */
export async function listBackups(file: string): Promise<readonly string[]> {
  const folder = folderOf(await realpath(file).catch(() => file));
  const names = (await readdir(folder).catch(() => [])).filter((name) => backupName.test(name));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, written: await writtenAt(join(folder, name)) })),
  );
  return dated
    .sort((a, b) => Number(b.written - a.written) || (a.name < b.name ? 1 : -1))
    .map(({ name }) => join(folder, name));
}

/**
 * Keeps the file as it is now, of this generation and this SHA-256. It is a copy: through a link, whoever writes into the
 * file instead of replacing it would write into its newest backup, too. Throws `file_unwritable`.
 */
export async function keepBackup(file: string, generation: number, sha256: string): Promise<void> {
  const folder = folderOf(file);
  const backup = join(folder, `${String(generation).padStart(8, "0")}-${sha256.slice(0, 8)}.age`);
  try {
    if ((await makeFolder(folder)) !== undefined) {
      const owner = ownerLike(file);
      if (owner !== undefined) await lchown(folder, owner.uid, owner.gid);
    }
    await sweepFolder(folder);
    // It was kept already by the change that wrote it.
    if (!(await isThere(backup))) await replace(backup, await readFile(file), { beside: file });
    for (const old of (await listBackups(file)).slice(kept)) await rm(old, { force: true });
  } catch (error) {
    if (error instanceof PosternError) throw error;
    throw problem("file_unwritable", { file: backup, reason: reasonOf(error) }, error);
  }
}

const isThere = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => true,
    () => false,
  );

/** Nanoseconds. */
const writtenAt = async (file: string): Promise<bigint> =>
  (await stat(file, { bigint: true }).catch(() => undefined))?.mtimeNs ?? 0n;

/** Removes those of generations before this one. Throws `file_unwritable`. */
export async function dropBackups(file: string, before: number): Promise<void> {
  for (const backup of await listBackups(file)) {
    if (Number.parseInt(basename(backup), 10) >= before) continue;
    try {
      await rm(backup, { force: true });
    } catch (error) {
      throw problem("file_unwritable", { file: backup, reason: reasonOf(error) }, error);
    }
  }
}
