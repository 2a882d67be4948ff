import { problem } from "../../errors.ts";
import type { Content } from "./content.ts";
import type { Identity } from "../identity/identity.ts";
import { checkFree, type Draft, type Item, itemOf } from "../item.ts";
import {
  confirmed,
  type Recipient,
  replacing,
  unconfirmed,
  withoutRecipient,
  withRecipient,
} from "../identity/recipients.ts";
import { rotated, withoutStale } from "../renewal/rotation.ts";

/** What a change makes of a vault's content. */
export interface Edited<T> {
  readonly parts: Partial<Pick<Content, "items" | "recipients">>;
  readonly result: T;
  /** Whether somebody who knows the vault's key is no longer to. */
  readonly newKey?: true;
}

/** A change of a vault's content: pure, for it is made anew on whatever another process wrote last. */
export type Edit<T> = (content: Content) => Edited<T>;

export const added =
  (item: Item): Edit<Item> =>
  ({ items }) => {
    checkFree(items, item.name);
    return { parts: { items: [...items, item] }, result: item };
  };

export const renamed =
  (from: string, to: string, now: Date): Edit<Item> =>
  ({ items }) => {
    const old = itemOf(items, from);
    checkFree(items, to);
    return exchanged(items, old, { ...old, name: to, changed: now });
  };

/** The first half of a new name for what is in use: the item has both, until whoever names it knows the new one. */
export const twiceNamed =
  (from: string, to: string): Edit<void> =>
  ({ items }) => {
    const old = itemOf(items, from);
    checkFree(items, to);
    return { parts: { items: [...items, { ...old, name: to }] }, result: undefined };
  };

/** The second half: the value is the one that the old name has, which may have been rotated meanwhile. */
export const onceNamed =
  (from: string, to: string, now: Date): Edit<Item> =>
  (content) =>
    renamed(from, to, now)({ ...content, items: content.items.filter(({ name }) => name !== to) });

export const removed =
  (name: string): Edit<Item> =>
  ({ items }) => {
    const item = itemOf(items, name);
    return { parts: { items: items.filter((other) => other !== item) }, result: item };
  };

export const replaced =
  (name: string, draft: Draft, now: Date, graceMs: number, of?: Item): Edit<Item> =>
  ({ items }) => {
    const old = itemOf(items, name);
    if (of !== undefined && of.changed.getTime() !== old.changed.getTime())
      throw problem("item_changed", { name });
    return exchanged(items, old, rotated(old, draft, now, graceMs));
  };

/** The value that is given up becomes the previous one, for the time that is left. */
export const broughtBack =
  (name: string, now: Date): Edit<Item> =>
  ({ items }) => {
    const old = itemOf(items, name);
    const { previous } = withoutStale(old, now);
    if (previous === undefined) throw problem("item_without_previous", { name });
    const { until, changed: _changed, ...draft } = previous;
    return exchanged(items, old, rotated(old, draft, now, until.getTime() - now.getTime()));
  };

export const imported =
  (more: readonly Item[], replace: boolean): Edit<readonly Item[]> =>
  ({ items }) => {
    const names = new Set(more.map(({ name }) => name));
    const all = replace ? items.filter(({ name }) => !names.has(name)) : [...items];
    // One by one, for two of them may have the same name.
    for (const item of more) {
      checkFree(all, item.name);
      all.push(item);
    }
    return { parts: { items: all }, result: more };
  };

export const recipientAdded =
  (name: string, recipient: string): Edit<readonly Recipient[]> =>
  (content) => {
    const recipients = withRecipient(content.recipients, name, recipient);
    return { parts: { recipients }, result: recipients };
  };

export const recipientRemoved =
  (name: string, self: Identity): Edit<readonly Recipient[]> =>
  (content) => {
    const recipients = withoutRecipient(content.recipients, name, self);
    return { parts: { recipients }, result: recipients, newKey: true };
  };

/** Nothing changes but that the writer confirms the key, as every writer does. */
export const confirmedOnly: Edit<readonly Recipient[]> = ({ recipients }) => ({
  parts: {},
  result: recipients,
});

/** The first half of a new identity: sealed for the old one and for the new one. Returns the name that both share. */
export const doubled =
  (old: Identity, next: Identity): Edit<string> =>
  ({ recipients, ...content }) => {
    const own = recipients.find(({ recipient }) => recipient === old.recipient)?.name ?? "owner";
    const name = own.replace(replacing, "").slice(0, 59);
    const entry = { name: `${name}${replacing}`, recipient: next.recipient };
    // One of this name was left by an attempt that was broken off, and nobody holds its identity.
    const others = recipients.filter((one) => one.recipient === old.recipient || one.name !== entry.name);
    return { parts: { recipients: confirmed([...others, entry], next, content) }, result: name };
  };

/** The second half: sealed for the new one and the others, with another key. */
export const halved =
  (old: Identity, next: Identity, name: string): Edit<void> =>
  ({ recipients }) => {
    const others = recipients.filter(
      (one) => one.recipient !== next.recipient && one.recipient !== old.recipient && one.name !== name,
    );
    const own = { name, recipient: next.recipient };
    return { parts: { recipients: [own, ...unconfirmed(others)] }, result: undefined, newKey: true };
  };

function exchanged(items: readonly Item[], old: Item, item: Item): Edited<Item> {
  return { parts: { items: items.map((other) => (other === old ? item : other)) }, result: item };
}
