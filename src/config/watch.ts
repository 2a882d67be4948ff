import { createHash } from "node:crypto";
import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

const pollMs = 500;

/** Told apart from every content: the file cannot be read now. */
const unreadable = "unreadable";

/** Stands for the content of a file as it is now. */
export function fingerprint(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return unreadable;
  }
}

/**
 * Calls `changed` when the content of a file has changed: at once where the system tells of it, and within 500 ms where
 * it does not (Kubernetes swaps a folder's `..data` link, which a watch on the file itself never sees).
 * Returns what ends it.
 *
 * @param known the fingerprint of the content that was read last: a change since then counts too
 */
export function watchFile(file: string, known: string, changed: () => void): () => void {
  let seen = known;
  const look = (): void => {
    const now = fingerprint(file);
    // Between the two steps of a replacement there is no file for a moment.
    if (now === seen || now === unreadable) return;
    seen = now;
    changed();
  };
  const unwatch = watchFolderOf(file, look);
  const poll = setInterval(look, pollMs);
  poll.unref();
  return () => {
    clearInterval(poll);
    unwatch();
  };
}

/**
 * Calls `nudge` when the system tells of a change of a file, as far as it does; a poll must stand beside it. It watches
 * the folder: a watch on the file itself sees neither a rename over it nor Kubernetes swapping `..data`.
 * Returns what ends it.
 */
export function watchFolderOf(file: string, nudge: () => void): () => void {
  const names = new Set([basename(file), "..data"]);
  try {
    const watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
      // A log in the same folder changes all the time.
      if (name === null || names.has(name)) nudge();
    });
    // Without it (the system's watches are used up, the folder is gone) the poll goes on.
    watcher.on("error", () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => {};
  }
}
