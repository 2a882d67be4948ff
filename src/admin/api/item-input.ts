import { PosternError, problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Threads } from "../../vault/apart/take.ts";
import { secretIn } from "../../vault/given-file.ts";
import type { Draft, Item } from "../../vault/item.ts";
import type { Field, Input, Kind } from "../../vault/kinds/kind.ts";
import { isAsked } from "./kinds.ts";
import type { Values } from "./shapes/item.ts";

/** Two files of the largest size, as base64, and what stands around them. */
export const mostBodyBytes = 4 * 1024 * 1024;

/** Has a kind take what a form gave: as an item's value, or as the answer to the request of one that waits. */
export function takeValues(
  threads: Threads,
  kind: Kind,
  o: {
    readonly name: string;
    readonly values: Values;
    readonly now: Date;
    /** What is no secret of the item so far: it stays where nothing else is given. */
    readonly kept?: Input["facts"];
    readonly waiting?: Item;
  },
): Promise<Draft> {
  const input = inputOf(kind, o.name, o.values);
  return ofField(kind, input, () =>
    threads.take(kind, { ...input, facts: { ...o.kept, ...input.facts } }, o.now, o.waiting),
  );
}

/** Does the work; where it throws, the error says which field of the form is at fault. */
export async function ofField<T>(
  kind: Kind,
  given: Pick<Input, "secrets"> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PosternError) || error.param !== null) throw error;
    const field = fieldOf(kind, given, error);
    throw field === undefined ? error : error.of(field);
  }
}

/** What was given, by the kind's fields. Those that name files and commands of this machine are not taken here. */
function inputOf(kind: Kind, name: string, values: Values): Input {
  const fields = kind.fields.filter(isAsked);
  const foreign = Object.keys(values).find((given) => fields.every(({ name }) => name !== given));
  if (foreign !== undefined)
    throw problem("parameter_invalid", {
      where: "values",
      reason: `${kind.plural} have no field of the name that is given; their fields are ${fields.map(({ name }) => name).join(", ")}`,
    });
  const facts: Record<string, string> = {};
  const secrets: Record<string, Secret> = {};
  const sources: Record<string, string> = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined || value === "") continue;
    const [source, bytes] =
      typeof value === "string"
        ? ["the text", Buffer.from(value)]
        : [sourceOf(value.file), Buffer.from(value.base64, "base64")];
    const secret = secretIn(bytes, { name, field, source });
    if (field.secret) secrets[field.name] = secret;
    else facts[field.name] = secret.expose();
    sources[field.name] = source;
  }
  const main = fields.find(({ secret }) => secret)?.name ?? "";
  return { name, source: sources[main] ?? "the text", sources, facts, secrets };
}

/** A file as messages name it; nothing in its name steers a terminal. */
const sourceOf = (file: string): string => `the file ${file.replaceAll(/\p{C}/gu, "?")}`.trimEnd();

/** The field that an error is about, as far as its code tells. */
function fieldOf(
  kind: Kind,
  given: Pick<Input, "secrets"> | undefined,
  { code }: PosternError,
): string | undefined {
  const main = kind.fields.find(({ secret }: Field) => secret)?.name;
  if (code === "item_exists" || code === "item_name_invalid") return "name";
  if (code === "key_encrypted" || code === "passphrase_wrong") return "passphrase";
  if (code === "key_unreadable" || code === "certificate_key_mismatch")
    return given?.secrets["key"] === undefined ? main : "key";
  return /^(?:value|certificate|pkcs12)_/.test(code) ? main : undefined;
}
