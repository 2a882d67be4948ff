import { readFile, realpath, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { watchFolderOf } from "../../config/watch.ts";
import { problem, reasonOf } from "../../errors.ts";
import { modeOf, readChecked } from "../private-file.ts";
import { dropBackups, keepBackup, listBackups } from "./backups.ts";
import { withLock } from "./lock.ts";
import { replace, sweep } from "../../replace.ts";
import type { Store } from "./store.ts";

const patienceMs = 10_000;

/** The default store: the file itself; `<file>.mark`, `<file>.lock` and the folder `<file>.backups` beside it. */
export function fileStore(file: string): Store {
  const mark = `${file}.mark`;
  return {
    names: { file, mark },
    read: () => read(file),
    backups: () => listBackups(file),
    readBackup: read,
    readMark: () => readMark(mark),
    create: async (sealed, text) => {
      await replace(file, sealed, { fresh: true });
      try {
        // A mark that is there already belongs to a vault that is not.
        await replace(mark, text);
      } catch (error) {
        await rm(file, { force: true });
        throw error;
      }
    },
    locked: async (work, patience = patienceMs) => {
      // Through a symbolic link, the file that it points to is locked and replaced, not the link.
      const real = await realpath(file).catch(() => file);
      return withLock(real, patience, async () => {
        await sweep(real);
        await sweep(mark);
        return work({
          // Where the vault is gone, its folder tells whose it was.
          write: (sealed) => replace(real, sealed, { beside: dirname(real) }),
          writeMark: (text) => replace(mark, text, { beside: real }),
          keep: (generation, hash) => keepBackup(real, generation, hash),
          dropBackups: (before) => dropBackups(real, before),
        });
      });
    },
    fingerprint: async () => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
        return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
      } catch (error) {
        return reasonOf(error);
      }
    },
    watch: (nudge) => watchFolderOf(file, nudge),
  };
}

async function read(file: string): Promise<Uint8Array> {
  const bytes = await readChecked(file, ({ mode }) => {
    if (process.platform !== "win32" && (mode & 0o022) !== 0)
      throw problem("vault_exposed", { file, mode: modeOf(mode) });
  });
  if (bytes === undefined) throw problem("vault_missing", { file });
  return bytes;
}

async function readMark(mark: string): Promise<string | undefined> {
  try {
    return await readFile(mark, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw problem("file_unreadable", { file: mark, reason: reasonOf(error) }, error);
  }
}
