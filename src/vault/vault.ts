import { createHash, randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { PosternError } from "../errors.ts";
import { type Content, formatContent, parseContent } from "./content.ts";
import { createIdentity, type Identity, readIdentity } from "./identity.ts";
import { checkFree, type Draft, type Item, itemOf, type KindName } from "./item.ts";
import { checkAgainst, formatMark, type Mark, parseMark } from "./mark.ts";
import { open, seal } from "./seal.ts";
import { stores } from "./stores/index.ts";
import type { Store } from "./stores/store.ts";
import { watchStore } from "./watch.ts";

/** The front of the vault: items by name, changes that other processes' changes survive, and news of them. */
export interface Vault {
  /** The vault's file, for messages. */
  readonly file: string;
  /** Rises with every change. */
  readonly generation: number;
  items(): readonly Item[];
  find(name: string): Item | undefined;
  /** Throws `item_unknown`. */
  get(name: string): Item;
  /** Throws `item_name_invalid` or `item_exists`; names are unique over all kinds. */
  add(name: string, kind: KindName, draft: Draft): Promise<Item>;
  rename(from: string, to: string): Promise<Item>;
  /** Returns what was removed. */
  remove(name: string): Promise<Item>;
  /**
   * Reads the vault again. True when its content changed; throws, and keeps the last good content, when it cannot be
   * read or is not to be trusted.
   */
  refresh(): Promise<boolean>;
  /**
   * Calls `changed` after every change, this process's own included, and `failed` when the vault can no longer be read.
   * Returns what ends it.
   */
  watch(changed: () => void, failed: (error: PosternError) => void): () => void;
}

interface Places {
  /** Path of the vault's file. */
  readonly file: string;
  /** Path of the identity's file. */
  readonly identity: string;
  /** The clock for items' dates. */
  readonly now?: () => Date;
}

/** A generation as it was read. */
interface Read {
  readonly content: Content;
  /** Hash of its body. */
  readonly hash: string;
  /** Hash of the sealed file. */
  readonly sealed: string;
  readonly noted: Mark | undefined;
}

/**
 * Makes an identity and an empty vault for it. Throws `file_exists` where either is there, and leaves nothing behind
 * when it fails.
 */
export async function createVault(o: Places): Promise<Vault> {
  const now = o.now ?? (() => new Date());
  const store = stores.file(o.file);
  const identity = await createIdentity(o.identity, now());
  try {
    const content: Content = { vault: randomUUID(), generation: 1, previous: null, items: [] };
    const { payload, hash } = formatContent(content, identity.key);
    const sealed = await seal(payload, [identity.recipient]);
    await store.create(sealed, formatMark({ ...content, hash }, identity.key));
    return new StoredVault(store, identity, now, { content, hash, sealed: sha256(sealed), noted: undefined });
  } catch (error) {
    await rm(o.identity, { force: true });
    throw error;
  }
}

/** Opens a vault, and notes its generation beside it. Throws what makes it unreadable or not to be trusted. */
export async function openVault(o: Places): Promise<Vault> {
  const store = stores.file(o.file);
  const identity = await readIdentity(o.identity);
  const read = await readStore(store, identity, undefined);
  await note(store, identity, read);
  return new StoredVault(store, identity, o.now ?? (() => new Date()), read);
}

class StoredVault implements Vault {
  readonly #store: Store;
  readonly #identity: Identity;
  readonly #now: () => Date;
  #read: Read;
  /** The end of the queue in which reading and changing wait for each other within this process. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  constructor(store: Store, identity: Identity, now: () => Date, read: Read) {
    this.#store = store;
    this.#identity = identity;
    this.#now = now;
    this.#read = read;
  }

  get file(): string {
    return this.#store.names.file;
  }

  get generation(): number {
    return this.#read.content.generation;
  }

  items(): readonly Item[] {
    return this.#read.content.items;
  }

  find(name: string): Item | undefined {
    return this.items().find((item) => item.name === name);
  }

  get(name: string): Item {
    return itemOf(this.items(), name);
  }

  async add(name: string, kind: KindName, draft: Draft): Promise<Item> {
    const now = this.#now();
    const item: Item = { name, kind, created: now, changed: now, ...draft };
    return this.#change((items) => {
      checkFree(items, name);
      return { items: [...items, item], item };
    });
  }

  async rename(from: string, to: string): Promise<Item> {
    return this.#change((items) => {
      const old = itemOf(items, from);
      checkFree(items, to);
      const item = { ...old, name: to, changed: this.#now() };
      return { items: items.map((other) => (other === old ? item : other)), item };
    });
  }

  async remove(name: string): Promise<Item> {
    return this.#change((items) => {
      const item = itemOf(items, name);
      return { items: items.filter((other) => other !== item), item };
    });
  }

  refresh(): Promise<boolean> {
    return this.#inTurn(async () => {
      const read = await readStore(this.#store, this.#identity, this.#read);
      if (read === this.#read) return false;
      await note(this.#store, this.#identity, read);
      return this.#take(read);
    });
  }

  watch(changed: () => void, failed: (error: PosternError) => void): () => void {
    this.#listeners.add(changed);
    const stop = watchStore(this.#store, () => this.refresh(), failed);
    return () => {
      this.#listeners.delete(changed);
      stop();
    };
  }

  /** Reads the newest generation under the lock, writes the one after it, and returns the item that was edited. */
  #change(edit: (items: readonly Item[]) => { items: readonly Item[]; item: Item }): Promise<Item> {
    return this.#inTurn(() =>
      this.#store.locked(async (writer) => {
        const { key, recipient } = this.#identity;
        const last = await readStore(this.#store, this.#identity, this.#read);
        const { vault, generation } = last.content;
        const { items, item } = edit(last.content.items);
        const content = { vault, generation: generation + 1, previous: last.hash, items };
        const { payload, hash } = formatContent(content, key);
        const sealed = await seal(payload, [recipient]);
        await writer.write(sealed);
        const mark = { vault, generation: content.generation, hash };
        // The change is made. Where the mark cannot be written, the next reader that can writes it.
        await writer.writeMark(formatMark(mark, key)).catch(ignoreKnown);
        this.#take({ content, hash, sealed: sha256(sealed), noted: mark });
        return item;
      }),
    );
  }

  /** Makes a generation the current one, and tells whether it is another than before. */
  #take(read: Read): boolean {
    const changed = read.hash !== this.#read.hash;
    this.#read = read;
    if (changed) for (const listener of this.#listeners) listener();
    return changed;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** Reads, opens and checks the stored vault. Returns `last` itself when the file is the one that it was read from. */
async function readStore(store: Store, identity: Identity, last: Read | undefined): Promise<Read> {
  const { names } = store;
  // The mark first: a vault is written before its mark, so it is never older than a mark that was read before it.
  const text = await store.readMark();
  const bytes = await store.read();
  const sealed = sha256(bytes);
  const same = sealed === last?.sealed;
  const { content, hash } = same
    ? last
    : parseContent(await open(bytes, identity, names.file), identity.key, names.file);
  const found = { ...content, hash };
  const noted = text === undefined ? undefined : parseMark(text, identity.key, names.mark);
  if (noted !== undefined) checkAgainst(noted, found, names);
  if (same) return last;
  // What this process has seen counts even where the mark was removed, or never could be written.
  if (last !== undefined) checkAgainst({ ...last.content, hash: last.hash }, found, names);
  return { content, hash, sealed, noted };
}

/** Moves the mark on to what was read, if it is behind. A folder that is read-only or busy does not stop the reading. */
async function note(store: Store, identity: Identity, { content, hash, noted }: Read): Promise<void> {
  const { vault, generation } = content;
  if (noted?.generation === generation) return;
  const write = store.locked(async (writer) => {
    // Another process may have moved it further meanwhile.
    const text = await store.readMark();
    const now = text === undefined ? undefined : parseMark(text, identity.key, store.names.mark);
    if (now === undefined || now.generation < generation)
      await writer.writeMark(formatMark({ vault, generation, hash }, identity.key));
  }, 0);
  await write.catch(ignoreKnown);
}

function ignoreKnown(error: unknown): void {
  if (!(error instanceof PosternError)) throw error;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
