import { createHash } from "node:crypto";
import { PosternError, problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { type Content, formatContent, parseContent } from "./content.ts";
import type { Identity } from "../identity/identity.ts";
import { checkAgainst, formatMark, type Mark, parseMark } from "./mark.ts";
import { confirmed } from "../identity/recipients.ts";
import { open, seal } from "./seal.ts";
import type { Store, Writer } from "../stores/store.ts";

/** A generation of a vault as it was read or written. */
export interface Generation {
  readonly content: Content;
  /** Hash of its body. */
  readonly hash: string;
  /** Hash of the sealed file. */
  readonly sealed: string;
  /** What its mark is authenticated with. */
  readonly markedWith: Secret;
  readonly noted: Mark | undefined;
}

/** A generation that is sealed, and not yet written. */
export interface Sealed extends Generation {
  readonly bytes: Uint8Array;
  readonly mark: string;
}

/** Seals content for its recipients, with the confirmation of the one who writes it. */
export async function sealed(content: Content, identity: Identity): Promise<Sealed> {
  const { vault, generation, keyed, markKey } = content;
  const recipients = confirmed(content.recipients, identity, content);
  const written = { ...content, recipients };
  const { payload, hash } = formatContent(written);
  const bytes = await seal(
    payload,
    recipients.map(({ recipient }) => recipient),
  );
  const noted = { vault, generation, keyed, hash };
  const mark = formatMark(noted, markKey);
  return { content: written, hash, sealed: sha256(bytes), markedWith: markKey, noted, bytes, mark };
}

/**
 * Writes a generation in place of the one that is kept as a backup first, and drops the backups of earlier keys: they can
 * be opened by somebody who is no longer to. Throws `file_unwritable`, and others.
 */
export async function write(writer: Writer, before: Generation | undefined, next: Sealed): Promise<void> {
  if (before !== undefined) await writer.keep(before.content.generation, before.sealed);
  await writer.write(next.bytes);
  // The change is made. Where the mark or the backup cannot be written, the next that can writes it.
  await writer.writeMark(next.mark).catch(ignoreKnown);
  await writer.keep(next.content.generation, next.sealed).catch(ignoreKnown);
  await writer.dropBackups(next.content.keyed);
}

/**
 * Reads, opens and checks the stored vault. Returns `last` itself when the file is the one that it was read from. With
 * `confirming`, takes one that the identity has not confirmed.
 */
export async function readStore(
  store: Store,
  identity: Identity,
  last: Generation | undefined,
  confirming = false,
): Promise<Generation> {
  const { names } = store;
  // The mark first: a vault is written before its mark, so it is never older than a mark that was read before it.
  const text = await store.readMark();
  const bytes = await store.read();
  const hashed = sha256(bytes);
  const same = hashed === last?.sealed;
  // Confirmed or not is asked last: another vault than the one that was here is not offered for confirmation.
  const read = same
    ? { ...last, confirmed: true }
    : parseContent(await open(bytes, identity, names.file), identity, names.file, true);
  const { content, hash, markedWith } = read;
  const found = { ...content, hash };
  // A mark of version 1 was made with the identity.
  const noted =
    text === undefined ? undefined : parseMark(text, [markedWith, identity.key], content.vault, names);
  if (noted !== undefined) checkAgainst(noted, found, names);
  if (same) return last;
  // What this process has seen counts even where the mark was removed, or never could be written.
  if (last !== undefined) checkAgainst({ ...last.content, hash: last.hash }, found, names);
  if (!read.confirmed && !confirming) throw problem("vault_unconfirmed", { file: names.file });
  return { content, hash, sealed: hashed, markedWith, noted };
}

/** Moves the mark on to what was read, if it is behind. A folder that is read-only or busy does not stop the reading. */
export async function note(store: Store, identity: Identity, read: Generation): Promise<void> {
  const { content, hash, noted, markedWith } = read;
  const { vault, generation, keyed } = content;
  if (noted?.generation === generation) return;
  const moveOn = store.locked(async (writer) => {
    // Another process may have moved it further meanwhile.
    const text = await store.readMark();
    const now =
      text === undefined ? undefined : parseMark(text, [markedWith, identity.key], vault, store.names);
    if (now === undefined || now.generation < generation)
      await writer.writeMark(formatMark({ vault, generation, keyed, hash }, markedWith));
  }, 0);
  await moveOn.catch(ignoreKnown);
}

function ignoreKnown(error: unknown): void {
  if (!(error instanceof PosternError)) throw error;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
