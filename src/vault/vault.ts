// The vault's front is one thing: what can be asked of it, how it is made and opened, and the one object that keeps its
// generation. That is over 300 lines; what a change does to the content is in edits.ts, reading and writing in generation.ts.

import { randomUUID } from "node:crypto";
import type { IdentityPlace } from "../config/config.ts";
import { PosternError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { nameIn, recorded, type Recorder, unrecorded, type Use } from "./audit/audit.ts";
import { type BackupSummary, listBackups, nameLastGood } from "./sealed/backup.ts";
import {
  added,
  broughtBack,
  confirmedOnly,
  doubled,
  type Edit,
  halved,
  imported,
  onceNamed,
  recipientAdded,
  recipientRemoved,
  removed,
  renamed,
  replaced,
  twiceNamed,
} from "./sealed/edits.ts";
import { type Generation, note, readStore, sealed, write } from "./sealed/generation.ts";
import {
  discardIdentity,
  type Identity,
  nameOfPlace,
  newIdentity,
  readIdentity,
  writeIdentity,
} from "./identity/identity.ts";
import { type Draft, type Item, itemOf, type KindName } from "./item.ts";
import { newKey } from "./sealed/mac.ts";
import type { Unlocking } from "./identity/passphrase.ts";
import type { Recipient } from "./identity/recipients.ts";
import { withoutStale } from "./renewal/rotation.ts";
import { stores } from "./stores/index.ts";
import { replace } from "../replace.ts";
import type { Store, Writer } from "./stores/store.ts";
import { watchStore } from "./watch.ts";

/** The front of the vault: items by name, changes that other processes' changes survive, and news of them. */
export interface Vault {
  /** The vault's file, for messages. */
  readonly file: string;
  /** Rises with every change. */
  readonly generation: number;
  /** The public key that it was opened with. */
  readonly openedWith: string;
  items(): readonly Item[];
  find(name: string): Item | undefined;
  /** Throws `item_unknown`. */
  get(name: string): Item;
  recipients(): readonly Recipient[];
  /** Throws `item_name_invalid` or `item_exists`; names are unique over all kinds. */
  add(name: string, kind: KindName, draft: Draft): Promise<Item>;
  /** While `follow` changes what names the item, it has both names; where that fails, the old one alone again. */
  rename(from: string, to: string, follow?: () => Promise<void>): Promise<Item>;
  /** Returns what was removed. */
  remove(name: string): Promise<Item>;
  /** Puts a new value in place of an item's own, in one write: at no moment is there none. */
  replace(name: string, draft: Draft, o?: Replacing): Promise<Item>;
  /** Puts the previous value of an item back. Throws `item_without_previous`. */
  bringBack(name: string): Promise<Item>;
  /** Takes items over as they are; throws `item_exists` for a name that is taken, unless it may be replaced. */
  import(items: readonly Item[], o: { readonly replace: boolean }): Promise<readonly Item[]>;
  /** Seals the vault for one more. Throws `recipient_refused`. */
  addRecipient(name: string, recipient: string): Promise<readonly Recipient[]>;
  /** Seals it anew without one, and with another key; backups that it could open are removed. */
  removeRecipient(name: string): Promise<readonly Recipient[]>;
  /** Has this identity vouch for a vault that somebody else has sealed for it. */
  confirm(): Promise<readonly Recipient[]>;
  /**
   * Gives the vault a new identity in place of the one that opened it, and new keys. At every moment the identity that
   * `keep` has put in its place opens the vault. Backups that the old one could open are removed.
   */
  rekey(keep: (identity: Identity) => Promise<void>): Promise<void>;
  /** The backups that this identity opens, the newest first. */
  backups(): Promise<readonly BackupSummary[]>;
  /** Copies the sealed vault as it is stored now. Throws `file_exists`, or what is wrong with the vault. */
  copyTo(file: string): Promise<void>;
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

interface Replacing {
  /** How long the old value is kept as the previous one; by default it is not. */
  readonly graceMs?: number;
  /** The item that the value was made from. Throws `item_changed` where another value has come in between. */
  readonly of?: Item;
  /** What the record says that was done. */
  readonly action?: "rotate" | "renew";
}

interface Places {
  /** Path of the vault's file. */
  readonly file: string;
  /** Where the identity lies; a text is the path of a file. */
  readonly identity: IdentityPlace | string;
  /** The clock for items' dates. */
  readonly now?: () => Date;
  /** What an identity that is encrypted is opened with: by default the environment of this process, and nobody to ask. */
  readonly unlocking?: Unlocking;
  /** Records every change. */
  readonly record?: Recorder;
}

/**
 * Makes an identity and an empty vault for it. Throws `file_exists` where either is there, and leaves nothing behind
 * when it fails.
 *
 * @param o.passphrase encrypts the identity's file
 */
export async function createVault(o: Places & { readonly passphrase?: Secret }): Promise<Vault> {
  const now = o.now ?? (() => new Date());
  const place = placeOf(o.identity);
  const store = stores.file(o.file);
  const identity = await newIdentity(nameOfPlace(place));
  await writeIdentity(place, identity, { now: now(), passphrase: o.passphrase, fresh: true });
  try {
    const first = await sealed(
      {
        vault: randomUUID(),
        generation: 1,
        previous: null,
        keyed: 1,
        key: newKey(),
        markKey: newKey(),
        recipients: [{ name: "owner", recipient: identity.recipient }],
        items: [],
      },
      identity,
    );
    await store.create(first.bytes, first.mark);
    return new StoredVault(store, identity, now, o.record ?? unrecorded, first);
  } catch (error) {
    await discardIdentity(place);
    throw error;
  }
}

/**
 * Opens a vault, and notes its generation beside it. Throws what makes it unreadable or not to be trusted; the hint then
 * names the last good backup, where there is one. With `confirming`, one that this identity has not confirmed is opened.
 */
export async function openVault(o: Places & { readonly confirming?: boolean }): Promise<Vault> {
  const store = stores.file(o.file);
  const identity = await readIdentity(placeOf(o.identity), o.unlocking ?? { env: process.env });
  let read: Generation;
  try {
    read = await readStore(store, identity, undefined, o.confirming);
  } catch (error) {
    throw error instanceof PosternError ? await nameLastGood(error, store, identity) : error;
  }
  await note(store, identity, read);
  return new StoredVault(store, identity, o.now ?? (() => new Date()), o.record ?? unrecorded, read);
}

const placeOf = (identity: IdentityPlace | string): IdentityPlace =>
  typeof identity === "string" ? { file: identity, passphrase: { prompt: true } } : identity;

class StoredVault implements Vault {
  readonly #store: Store;
  #identity: Identity;
  readonly #now: () => Date;
  readonly #record: Recorder;
  #read: Generation;
  /** The end of the queue in which reading and changing wait for each other within this process. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #listeners = new Set<() => void>();

  constructor(store: Store, identity: Identity, now: () => Date, record: Recorder, read: Generation) {
    this.#store = store;
    this.#identity = identity;
    this.#now = now;
    this.#record = record;
    this.#read = read;
  }

  get file(): string {
    return this.#store.names.file;
  }

  get generation(): number {
    return this.#read.content.generation;
  }

  get openedWith(): string {
    return this.#identity.recipient;
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

  recipients(): readonly Recipient[] {
    return this.#read.content.recipients;
  }

  async add(name: string, kind: KindName, draft: Draft): Promise<Item> {
    const now = this.#now();
    return this.#change(
      { action: "add", item: name },
      added({ name, kind, created: now, changed: now, ...draft }),
    );
  }

  async rename(from: string, to: string, follow?: () => Promise<void>): Promise<Item> {
    const use: Use = { action: "rename", item: from, about: nameIn(to) };
    const write = <T>(edit: Edit<T>): Promise<T> => this.#alone((writer) => this.#write(writer, edit));
    return recorded(this.#record, use, async () => {
      if (follow === undefined) return write(renamed(from, to, this.#now()));
      await write(twiceNamed(from, to));
      try {
        await follow();
      } catch (error) {
        await write(removed(to));
        throw error;
      }
      return write(onceNamed(from, to, this.#now()));
    });
  }

  async remove(name: string): Promise<Item> {
    return this.#change({ action: "remove", item: name }, removed(name));
  }

  async replace(
    name: string,
    draft: Draft,
    { graceMs = 0, action = "rotate", of }: Replacing = {},
  ): Promise<Item> {
    return this.#change({ action, item: name }, replaced(name, draft, this.#now(), graceMs, of));
  }

  async bringBack(name: string): Promise<Item> {
    return this.#change({ action: "bring-back", item: name }, broughtBack(name, this.#now()));
  }

  async import(items: readonly Item[], o: { readonly replace: boolean }): Promise<readonly Item[]> {
    const about = items.map(({ name }) => name).join(" ");
    return this.#change({ action: "import", about }, imported(items, o.replace));
  }

  async addRecipient(name: string, recipient: string): Promise<readonly Recipient[]> {
    return this.#change({ action: "recipient-add", about: nameIn(name) }, recipientAdded(name, recipient));
  }

  async removeRecipient(name: string): Promise<readonly Recipient[]> {
    return this.#change(
      { action: "recipient-remove", about: nameIn(name) },
      recipientRemoved(name, this.#identity),
    );
  }

  async confirm(): Promise<readonly Recipient[]> {
    return this.#change({ action: "confirm" }, confirmedOnly);
  }

  async rekey(keep: (identity: Identity) => Promise<void>): Promise<void> {
    const old = this.#identity;
    const next = await newIdentity(old.file);
    // Under one lock: another's rekey in between would replace the identity that was just put in its place.
    await recorded(this.#record, { action: "rekey" }, () =>
      this.#alone(async (writer) => {
        const name = await this.#write(writer, doubled(old, next));
        await keep(next);
        this.#identity = next;
        await this.#write(writer, halved(old, next, name));
      }),
    );
  }

  backups(): Promise<readonly BackupSummary[]> {
    return listBackups(this.#store, this.#identity);
  }

  copyTo(file: string): Promise<void> {
    return this.#alone(async () => {
      await readStore(this.#store, this.#identity, this.#read);
      await replace(file, await this.#store.read(), { fresh: true });
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

  #change<T>(use: Use, edit: Edit<T>): Promise<T> {
    return recorded(this.#record, use, () => this.#alone((writer) => this.#write(writer, edit)));
  }

  /** Does work that no other process's change may come into. */
  #alone<T>(work: (writer: Writer) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#store.locked(work));
  }

  /** Reads the newest generation, writes the one after it, and returns what the edit results in. */
  async #write<T>(writer: Writer, edit: Edit<T>): Promise<T> {
    const last = await readStore(this.#store, this.#identity, this.#read);
    const { parts, result, newKey: another = false } = edit(last.content);
    const now = this.#now();
    const items = (parts.items ?? last.content.items).map((item) => withoutStale(item, now));
    const generation = last.content.generation + 1;
    const keys = another ? { keyed: generation, key: newKey() } : {};
    const content = { ...last.content, ...parts, ...keys, items, generation, previous: last.hash };
    const next = await sealed(content, this.#identity);
    await write(writer, last, next);
    this.#take(next);
    return result;
  }

  /** Makes a generation the current one, and tells whether it is another than before. */
  #take(read: Generation): boolean {
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
