import type { IdentityPlace } from "../../config/config.ts";
import { PosternError } from "../../errors.ts";
import { recorded, type Recorder } from "../audit/audit.ts";
import { createHash } from "node:crypto";
import { readBackup } from "./backup.ts";
import type { Content } from "./content.ts";
import { type Generation, readStore, sealed, write } from "./generation.ts";
import { readIdentity } from "../identity/identity.ts";
import { newKey } from "./mac.ts";
import { type Mark, parseMark } from "./mark.ts";
import type { Unlocking } from "../identity/passphrase.ts";
import { unconfirmed } from "../identity/recipients.ts";
import { stores } from "../stores/index.ts";
import type { Store, Writer } from "../stores/store.ts";

/**
 * Puts the content of a backup in the vault's place, as the generation after the newest that was seen here: so it is no
 * rollback to anybody. Whoever can open the vault that is there goes on to; where it cannot be opened, the backup says
 * who. Throws what makes the backup unfit; the vault is then as it was.
 */
export async function restoreVault(o: {
  readonly file: string;
  readonly identity: IdentityPlace;
  readonly unlocking: Unlocking;
  readonly record: Recorder;
  readonly backup: string;
}): Promise<Pick<Content, "items" | "generation" | "recipients">> {
  const store = stores.file(o.file);
  const identity = await readIdentity(o.identity, o.unlocking);
  return recorded(o.record, { action: "restore", about: o.backup }, async () => {
    const { content } = await readBackup(store, identity, o.backup);
    return store.locked(async (writer) => {
      const current = await readStore(store, identity, undefined).catch(ifKnown);
      const text = await store.readMark();
      const keys = [content.markKey, identity.key];
      const mark =
        text === undefined
          ? undefined
          : await lenient(() => parseMark(text, keys, content.vault, store.names));
      const seen = newest(mark, current);
      const generation = Math.max(content.generation, seen?.generation ?? 0) + 1;
      const previous = seen?.hash ?? null;
      const who = openers(content, current?.content, mark, generation);
      const next = await sealed({ ...content, ...who, generation, previous }, identity);
      if (current === undefined) await keepAsItIs(store, writer, generation);
      await write(writer, current, next);
      return next.content;
    });
  });
}

/** Who can open what is restored, and with which key: nobody comes back with a backup who was removed since. */
function openers(
  backup: Content,
  current: Content | undefined,
  mark: Mark | undefined,
  generation: number,
): Pick<Content, "keyed" | "key" | "recipients"> {
  if (current?.vault === backup.vault) {
    const { keyed, key, recipients } = current;
    return { keyed, key, recipients };
  }
  const { keyed, key, recipients } = backup;
  if (mark === undefined || mark.keyed <= keyed) return { keyed, key, recipients };
  return { keyed: generation, key: newKey(), recipients: unconfirmed(recipients) };
}

/** Keeps a vault that cannot be opened beside the backups: it may be good for somebody else. */
async function keepAsItIs(store: Store, writer: Writer, generation: number): Promise<void> {
  const bytes = await store.read().catch(ifKnown);
  if (bytes !== undefined) await writer.keep(generation, createHash("sha256").update(bytes).digest("hex"));
}

/** What was seen last: the mark, unless the vault itself is whole and newer. */
function newest(
  mark: Mark | undefined,
  current: Generation | undefined,
): Pick<Mark, "generation" | "hash"> | undefined {
  const read = current && { generation: current.content.generation, hash: current.hash };
  if (mark === undefined || read === undefined) return mark ?? read;
  return mark.generation >= read.generation ? mark : read;
}

/** A vault or a mark that cannot be read is what a backup is there for; another vault's is not. */
function ifKnown(error: unknown): undefined {
  if (!(error instanceof PosternError)) throw error;
  return undefined;
}

async function lenient<T>(read: () => T): Promise<T | undefined> {
  try {
    return read();
  } catch (error) {
    if (error instanceof PosternError && error.code === "vault_mark_invalid") return undefined;
    throw error;
  }
}
