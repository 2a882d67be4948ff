import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { problem, reasonOf } from "../../errors.ts";

/** SQLite's result code for a lock that another connection holds (sqlite.org/rescode.html). */
const busy = 5;

/**
 * Runs `work` while this process holds the lock of `file`. The lock is the operating system's, taken by SQLite on the
 * empty file `<file>.lock`: it ends with its process, however that ends, so there is no stale one to break.
 * Throws `vault_busy` when another has held it for `patienceMs`, `file_unwritable` when the lock file cannot be made.
 */
export async function withLock<T>(file: string, patienceMs: number, work: () => Promise<T>): Promise<T> {
  const database = openLock(`${file}.lock`);
  try {
    await acquire(database, file, patienceMs);
    return await work();
  } finally {
    database.close();
  }
}

function openLock(path: string): DatabaseSync {
  try {
    // Made here for its mode, and in one step: closing any descriptor of a file gives up all of a process's locks on it,
    // so an existing one must not be opened beside SQLite.
    closeSync(openSync(path, "wx", 0o600));
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
  const last = performance.now() + patienceMs;
  for (;;) {
    try {
      // No journal in the folder: nothing is ever written that one could undo.
      database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return;
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== busy)
        throw problem("file_unwritable", { file: `${file}.lock`, reason: reasonOf(error) }, error);
      if (performance.now() >= last) throw problem("vault_busy", { file }, error);
    }
    // Unequal pauses, so that processes that wait together do not go on meeting.
    await sleep(5 + Math.random() * 20);
  }
}
