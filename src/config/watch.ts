import { createHash } from "node:crypto";
import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

const pollMs = 500;

/** A file that is written in place is empty, then half there, before it is whole: an empty one is a configuration too. */
const restMs = 50;

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
 * Calls `changed` when the content of a file has changed and has come to rest: at once where the system tells of it, and
 * within 500 ms where it does not (Kubernetes swaps a folder's `..data` link, which a watch on the file itself never
 * sees). That a file is gone counts only when two polls in turn have missed it: between the two steps of a replacement
 * there is none. Returns what ends it.
 *
 * @param known the files, each with the fingerprint of the content that was read last: a change since then counts too
 */
export function watchFiles(known: ReadonlyMap<string, string>, changed: () => void): () => void {
  const seen = new Map(known);
  /** How many polls in turn have missed a file. */
  const missed = new Map<string, number>();
  const news = (): readonly (readonly [file: string, now: string])[] =>
    [...seen].flatMap(([file, before]) => {
      const now = fingerprint(file);
      const between = now === unreadable && (missed.get(file) ?? 0) < 2;
      return now === before || between ? [] : [[file, now] as const];
    });
  const look = (): void => {
    const found = news();
    for (const [file, now] of found) seen.set(file, now);
    if (found.length > 0) changed();
  };
  let rest: NodeJS.Timeout | undefined;
  const lookSoon = (): void => {
    clearTimeout(rest);
    rest = setTimeout(look, restMs).unref();
  };
  const unwatch = [...seen.keys()].map((file) => watchFolderOf(file, lookSoon));
  const poll = setInterval(() => {
    for (const file of seen.keys())
      missed.set(file, fingerprint(file) === unreadable ? (missed.get(file) ?? 0) + 1 : 0);
    if (news().length > 0) lookSoon();
  }, pollMs);
  poll.unref();
  return () => {
    clearInterval(poll);
    clearTimeout(rest);
    for (const end of unwatch) end();
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
