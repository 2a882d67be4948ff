import { createHash } from "node:crypto";
import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";

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
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(file), { persistent: false }, look);
    // The polls go on without it, where a folder cannot be watched or goes away.
    watcher.on("error", () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  const poll = setInterval(look, pollMs);
  poll.unref();
  return () => {
    clearInterval(poll);
    watcher?.close();
  };
}
