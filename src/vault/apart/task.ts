import type { Code } from "../../errors/catalogue.ts";
import { asProblem, PosternError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Draft, Item, KindName } from "../item.ts";
import { kinds } from "../kinds/index.ts";
import type { Input } from "../kinds/kind.ts";
import { jsonIn } from "../sealed/json.ts";
import { stored, StoredItem, unstored } from "../sealed/stored-item.ts";

/** What a person gave, on its way to a thread: plain values, for they are copied. */
export interface Task {
  readonly kind: KindName;
  readonly input: Omit<Input, "secrets"> & { readonly secrets: Readonly<Record<string, string>> };
  readonly now: Date;
  /** The item that waits for its answer, as JSON, where the input is that answer. */
  readonly waiting: string | undefined;
}

/** What the kind made of it, as JSON of an item, or why it did not take it. */
export type Done =
  | { readonly item: string }
  | { readonly code: Code; readonly message: string; readonly hint: string; readonly param: string | null };

export const taskOf = (kind: KindName, input: Input, now: Date, waiting: Item | undefined): Task => ({
  kind,
  input: {
    ...input,
    secrets: Object.fromEntries(Object.entries(input.secrets).map(([field, text]) => [field, text.expose()])),
  },
  now,
  waiting: waiting && JSON.stringify(stored(waiting)),
});

/** Does the task, in whatever thread this is called in. */
export async function perform({ kind: name, input: given, now, waiting }: Task): Promise<Done> {
  const secrets = Object.fromEntries(
    Object.entries(given.secrets).map(([field, text]) => [field, new Secret(text)]),
  );
  const input: Input = { ...given, secrets };
  const kind = kinds[name];
  try {
    const item = waiting === undefined ? undefined : itemIn(waiting);
    const draft = await (item === undefined
      ? kind.accept(input, now)
      : kind.request?.complete(item, input, now));
    if (draft === undefined) throw new TypeError(`the kind ${name} makes no requests`);
    return {
      item: JSON.stringify(stored({ name: input.name, kind: name, created: now, changed: now, ...draft })),
    };
  } catch (error) {
    const { code, message, hint, param } = asProblem(error);
    return { code, message, hint, param };
  }
}

/** The draft that a task resulted in. Throws what it failed with. */
export function draftIn(done: Done): Draft {
  if ("item" in done) {
    const { facts, secrets, expires } = itemIn(done.item);
    return { facts, secrets, ...(expires !== undefined && { expires }) };
  }
  const error = new PosternError(done.code, [done.message, done.hint]);
  throw done.param === null ? error : error.of(done.param);
}

const itemIn = (text: string): Item => unstored(StoredItem.parse(jsonIn(text)));
