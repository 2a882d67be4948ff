import { PosternError, problem } from "../errors.ts";
import type { Secret } from "../secret.ts";
import type { Field, Input, Kind } from "../vault/kinds/kind.ts";
import type { Io } from "./io.ts";
import { askSecret, isInteractive } from "./prompt.ts";
import { readSecret, standardInput } from "./vault-secret.ts";

/** What was given on the command line: an option's value, or true for one without. */
export type Given = Readonly<Record<string, string | boolean | undefined>>;

/** The option of a field beyond `--file` and `--stdin`; those give the main field of every kind. */
export const optionOf = (field: Field): string | undefined => (field.secret ? field.option : field.name);

/** The field that `--file` and `--stdin` give. */
const mainField = (kind: Kind): Field => {
  const field = kind.fields.find(({ secret }) => secret);
  if (field === undefined) throw new TypeError(`the kind ${kind.name} has no secret field`);
  return field;
};

/** Reads the fields of an existing item from where the options say, or from the terminal. */
export async function readInput(io: Io, kind: Kind, name: string, given: Given): Promise<Input> {
  const facts: Record<string, string> = {};
  const secrets: Record<string, Secret> = {};
  const sources: Record<string, string> = {};
  const main = mainField(kind);
  for (const field of kind.fields) {
    const option = optionOf(field);
    const value = option === undefined ? undefined : given[option];
    if (!field.secret) {
      if (typeof value === "string") facts[field.name] = value;
      continue;
    }
    const place = field === main ? mainPlace(io, kind, given) : value;
    if (typeof place !== "string") continue;
    const read = await readSecret(io, name, field, place);
    secrets[field.name] = read.secret;
    sources[field.name] = read.source;
  }
  return { name, source: sources[main.name] ?? "the command line", sources, facts, secrets };
}

/**
 * Has the kind take the input. Where a key turns out to be encrypted and a person is there, asks for its passphrase.
 */
export async function acceptInput(
  io: Io,
  kind: Kind,
  input: Input,
  now: Date,
): Promise<Awaited<ReturnType<Kind["accept"]>>> {
  try {
    return await kind.accept(input, now);
  } catch (error) {
    const field = kind.fields.find(({ name }) => name === "passphrase");
    const askable = error instanceof PosternError && error.code === "key_encrypted" && isInteractive(io);
    if (field === undefined || !askable) throw error;
    const passphrase = await askSecret(io, field.label);
    return kind.accept({ ...input, secrets: { ...input.secrets, [field.name]: passphrase } }, now);
  }
}

/** The one place that the main secret comes from. Throws a usage error for none or several. */
function mainPlace(io: Io, kind: Kind, given: Given): string {
  const own = mainField(kind).option;
  const flags = ["--stdin", "--file", ...(own === undefined ? [] : [`--${own}`])];
  const places = [
    given["stdin"] === true ? standardInput : undefined,
    given["file"],
    own && given[own],
  ].filter((place) => typeof place === "string");
  const [place, ...more] = places;
  if (more.length > 0)
    throw problem("usage", {
      message: `${flags.join(", ")}: only one of them can give the value`,
      hint: "leave the others out",
    });
  if (place !== undefined) return place;
  if (isInteractive(io)) return standardInput;
  throw problem("usage", {
    message: `the ${kind.title.toLowerCase()} itself is missing`,
    hint: `give it with ${flags.map((flag) => (flag === "--stdin" ? flag : `${flag} FILE`)).join(" or ")}${kind.generate === undefined ? "" : ", or make a new one with --generate"}`,
  });
}
