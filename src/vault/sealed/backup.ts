import type { Code } from "../../errors/catalogue.ts";
import { PosternError, problem } from "../../errors.ts";
import { type Content, parseContent } from "./content.ts";
import type { Identity } from "../identity/identity.ts";
import { parseMark } from "./mark.ts";
import { open } from "./seal.ts";
import type { Store } from "../stores/store.ts";

/** A backup that the identity opens and has vouched for. */
export interface Backup {
  readonly file: string;
  readonly content: Content;
}

/** What a vault is refused for that a backup can heal. */
const curable: ReadonlySet<Code> = new Set([
  "vault_missing",
  "vault_damaged",
  "vault_forged",
  "vault_rolled_back",
  "vault_swapped",
  "vault_content_invalid",
  "vault_mark_invalid",
] as const);

/** Reads a backup. Throws `file_unreadable`, and as the vault does when it is opened. */
export async function readBackup(store: Store, identity: Identity, file: string): Promise<Backup> {
  const bytes = await store.readBackup(file).catch((error: unknown) => {
    if (!(error instanceof PosternError) || error.code !== "vault_missing") throw error;
    throw problem("file_unreadable", { file, reason: "there is no such file" }, error);
  });
  return { file, ...parseContent(await open(bytes, identity, file), identity, file) };
}

/** A backup, or undefined for one that is damaged, of another vault, or of a key that was given up. */
async function goodOne(store: Store, identity: Identity, file: string): Promise<Backup | undefined> {
  try {
    const backup = await readBackup(store, identity, file);
    return backup.content.keyed < (await keyedOfMark(store, identity, backup.content)) ? undefined : backup;
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}

/** Which key the vault had when it was seen last; 0 where no mark of it tells. */
async function keyedOfMark(store: Store, identity: Identity, { vault, markKey }: Content): Promise<number> {
  try {
    const text = await store.readMark();
    return text === undefined ? 0 : parseMark(text, [markKey, identity.key], vault, store.names).keyed;
  } catch (error) {
    // A mark that was damaged along with the vault hinders no recovery.
    if (error instanceof PosternError) return 0;
    throw error;
  }
}

/** What a list says of a backup. */
export interface BackupSummary {
  readonly file: string;
  readonly generation: number;
  /** How many items it holds. */
  readonly items: number;
}

/** The backups that the identity opens, the newest first. */
export async function listBackups(store: Store, identity: Identity): Promise<readonly BackupSummary[]> {
  const found: BackupSummary[] = [];
  for (const file of await store.backups()) {
    const backup = await goodOne(store, identity, file);
    if (backup !== undefined)
      found.push({ file, generation: backup.content.generation, items: backup.content.items.length });
  }
  return found;
}

/** The error of a vault that was refused, with the way back to the last good backup in its hint, where there is one. */
export async function nameLastGood(
  error: PosternError,
  store: Store,
  identity: Identity,
): Promise<PosternError> {
  if (!curable.has(error.code)) return error;
  for (const file of await store.backups()) {
    const backup = await goodOne(store, identity, file);
    if (backup === undefined) continue;
    const { generation } = backup.content;
    const hint = `the last good backup is generation ${generation}: postern vault restore ${file}; otherwise ${error.hint}`;
    return new PosternError(error.code, [error.message, hint], error.cause);
  }
  return error;
}
