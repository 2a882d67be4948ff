import { problem } from "../errors.ts";
import type { Secret } from "../secret.ts";

/** The kinds of item, in the order of the platform's own menu. */
export const kindNames = [
  "serverless-api-key",
  "bearer-token",
  "certificate",
  "registry-credentials",
  "environment-variable",
  "hugging-face-token",
  "ssh-key",
] as const;
export type KindName = (typeof kindNames)[number];

/** What a kind makes from a person's input: an item without its name and dates. */
export interface Draft {
  /** Values that may be shown, by field name. */
  readonly facts: Readonly<Record<string, string>>;
  /** Values that are kept sealed, by field name. */
  readonly secrets: Readonly<Record<string, Secret>>;
  /** When it stops being valid, where it does. */
  readonly expires?: Date;
}

/** The value that an item had before it was rotated. */
export interface Previous extends Draft {
  /** When that value was put into the vault. */
  readonly changed: Date;
  /** How long it is kept. */
  readonly until: Date;
}

/** What keeps the value of an item fresh that comes from a source (token-source.ts). */
export interface Live {
  /** Until when the value may be used, in milliseconds since 1970; -Infinity where there is none. */
  readonly untilMs: number;
  /** Why the source gave nothing when it was asked last; undefined where it did. */
  readonly fault: string | undefined;
  /** Asks the source anew, unless somebody has just done so. Resolves when it has answered, or failed to. */
  renew(): Promise<void>;
}

/** One named credential. */
export interface Item extends Draft {
  readonly name: string;
  readonly kind: KindName;
  readonly created: Date;
  readonly changed: Date;
  readonly previous?: Previous;
  /** Only where its source has been asked: it is not written down. */
  readonly live?: Live;
}

/** What an item adds to every request of an endpoint: a header, or a TLS identity. */
export type Attachable =
  | { readonly header: { readonly name: string; readonly value: Secret } }
  /** PEM texts: the certificate first, then its chain; the key as unencrypted PKCS#8. */
  | { readonly identity: { readonly certificate: string; readonly key: Secret; readonly expires: Date } };

/** Names become file names and command-line arguments: nothing in them needs quoting, and none begins with a dash. */
export const itemName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The item of this name. Throws `item_unknown`, which names the ones that are there. */
export function itemOf(items: readonly Item[], name: string): Item {
  const item = items.find((item) => item.name === name);
  if (item === undefined) throw problem("item_unknown", { name, known: items.map(({ name }) => name) });
  return item;
}

/** The order of lists: by kind as in the platform's menu, then by name. */
export const inMenuOrder = (a: Item, b: Item): number =>
  kindNames.indexOf(a.kind) - kindNames.indexOf(b.kind) || (a.name < b.name ? -1 : 1);

/** Throws unless `name` can be an item's name (`item_name_invalid`) and none has it yet (`item_exists`). */
export function checkFree(items: readonly Item[], name: string): void {
  if (!itemName.test(name)) throw problem("item_name_invalid", { name });
  const holder = items.find((item) => item.name === name);
  if (holder !== undefined) throw problem("item_exists", { name, kind: holder.kind });
}
