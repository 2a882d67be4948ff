import { closeSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { problem, reasonOf } from "../../errors.ts";
import { leaveToOwner } from "../../owner.ts";

/** SQLite's result code for a lock that another connection holds (sqlite.org/rescode.html). */
const busy = 5;

/**
 * Runs `work` while this process holds the lock of `file`. The lock is the operating system's, taken by SQLite on the
 * empty file `<file>.lock`: it ends with its process, however that ends, so there is no stale one to break.
 * Throws `vault_busy` when others have held it for `patienceMs` and `file` stayed as it was, `file_unwritable` when the lock file cannot be made.
 */
export async function withLock<T>(file: string, patienceMs: number, work: () => Promise<T>): Promise<T> {
  const database = openLock(file);
  try {
    await acquire(database, file, patienceMs);
    return await work();
  } finally {
    database.close();
  }
}

/** The same for work without a wait: returns false, and does nothing, while another process holds the lock. */
export function withFreeLock(file: string, work: () => void): boolean {
  const database = openLock(file);
  try {
    if (!taken(database, file)) return false;
    work();
    return true;
  } finally {
    database.close();
  }
}

function openLock(file: string): DatabaseSync {
  const path = `${file}.lock`;
  try {
    // Made here for its mode, and in one step: closing any descriptor of a file gives up all of a process's locks on it,
    // so an existing one must not be opened beside SQLite.
    const descriptor = openSync(path, "wx", 0o600);
    leaveToOwner(descriptor, file, dirname(file));
    closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw problem("file_unwritable", { file: path, reason: reasonOf(error) }, error);
  }
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw problem("file_unwritable", { file: path, reason: reasonOf(error) }, error);
  }
}

async function acquire(database: DatabaseSync, file: string, patienceMs: number): Promise<void> {
  let [seen, since] = [versionOf(file), performance.now()];
  while (!taken(database, file)) {
    const now = versionOf(file);
    // Many that change it in turn, each quickly, are no reason to give up.
    if (now !== seen) [seen, since] = [now, performance.now()];
    if (performance.now() - since >= patienceMs) throw problem("vault_busy", { file });
    // Unequal pauses, so that processes that wait together do not go on meeting.
    await sleep(5 + Math.random() * 20);
  }
}

/** A change replaces the file, and so gives it another inode or time. */
function versionOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? "" : `${stats.ino} ${stats.mtimeMs}`;
}

/** Takes the lock, unless another holds it. Throws `file_unwritable`. */
function taken(database: DatabaseSync, file: string): boolean {
  try {
    // No journal in the folder: nothing is ever written that one could undo.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false;
    throw problem("file_unwritable", { file: `${file}.lock`, reason: reasonOf(error) }, error);
  }
}
