import { resolve } from "node:path";
import { PosternError, problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Draft } from "../../vault/item.ts";
import type { Field, Input, Kind } from "../../vault/kinds/kind.ts";
import type { Io } from "../io.ts";
import { askSecret, isInteractive } from "../prompt.ts";
import { readSecret, standardInput } from "./vault-secret.ts";

/** What was given on the command line: an option's value, or true for one without. */
export type Given = Readonly<Record<string, string | boolean | undefined>>;

/** The options of a field beyond `--file` and `--stdin`; those give the main field of every kind. */
export const optionsOf = ({ secret, name, option, alias }: Field): readonly string[] =>
  [secret ? option : name, alias].filter((option) => option !== undefined);

/** The field that `--file` and `--stdin` give. */
const mainField = (kind: Kind): Field => {
  const field = kind.fields.find(({ secret }) => secret);
  if (field === undefined) throw new TypeError(`the kind ${kind.name} has no secret field`);
  return field;
};

/** Reads the fields of an existing item from where the options say, or from the terminal. */
export async function readInput(io: Io, kind: Kind, name: string, given: Given): Promise<Input> {
  const secrets: Record<string, Secret> = {};
  const sources: Record<string, string> = {};
  const main = mainField(kind);
  const instead = kind.fields.find(({ instead, name }) => instead === true && given[name] !== undefined);
  for (const field of kind.fields.filter(({ secret }) => secret)) {
    const value = optionsOf(field)
      .map((option) => given[option])
      .find((value) => value !== undefined);
    const place = field === main ? mainPlace(io, kind, given, instead) : value;
    if (typeof place !== "string") continue;
    const read = await readSecret(io, name, field, place);
    secrets[field.name] = read.secret;
    sources[field.name] = read.source;
  }
  const facts = factsOf(
    kind.fields.filter(({ secret }) => !secret),
    given,
    io.cwd,
  );
  return { name, source: sources[main.name] ?? "the command line", sources, facts, secrets };
}

/**
 * The values of fields that are not secret, by the fields' names. Paths are made whole: what takes them up later runs
 * elsewhere.
 */
export const factsOf = (fields: readonly Field[], given: Given, cwd: string): Input["facts"] =>
  Object.fromEntries(
    fields.flatMap(({ name, path }) => {
      const value = given[name];
      if (typeof value !== "string") return [];
      return [[name, path === true && value !== "" ? resolve(cwd, value) : value] as const];
    }),
  );

/**
 * Has the kind take the input, as a new item's or with `take` in another way. Where a key turns out to be encrypted and
 * a person is there, asks for its passphrase.
 */
export async function acceptInput(
  io: Io,
  kind: Kind,
  input: Input,
  now: Date,
  take: Kind["accept"] = kind.accept,
): Promise<Draft> {
  try {
    return await take(input, now);
  } catch (error) {
    const field = kind.fields.find(({ name }) => name === "passphrase");
    const askable = error instanceof PosternError && error.code === "key_encrypted" && isInteractive(io);
    if (field === undefined || !askable) throw error;
    const passphrase = await askSecret(io, field.label);
    return take({ ...input, secrets: { ...input.secrets, [field.name]: passphrase } }, now);
  }
}

/**
 * The one place that the main secret comes from; undefined where `instead` is given in its stead. Throws a usage error
 * for none or several.
 */
function mainPlace(io: Io, kind: Kind, given: Given, instead: Field | undefined): string | undefined {
  const own = ["file", ...optionsOf(mainField(kind))];
  const flags = ["stdin", ...own].map((option) => `--${option}`);
  const places = [
    given["stdin"] === true ? standardInput : undefined,
    ...own.map((option) => given[option]),
  ].filter((place) => typeof place === "string");
  const [place, ...more] = places;
  if (instead !== undefined) {
    if (place === undefined) return undefined;
    throw problem("usage", {
      message: `--${instead.name} says where the value comes from, and another option gives one`,
      hint: `leave --${instead.name} out, or ${flags.join(" and ")}`,
    });
  }
  if (more.length > 0)
    throw problem("usage", {
      message: `${flags.join(", ")}: only one of them can give the value`,
      hint: "leave the others out",
    });
  if (place !== undefined) return place;
  if (isInteractive(io)) return standardInput;
  throw problem("usage", {
    message: `nothing gives the value of the ${kind.title}`,
    hint: `give it with ${flags.map((flag) => (flag === "--stdin" ? flag : `${flag} FILE`)).join(" or ")}${kind.generate === undefined ? "" : ", or make a new one with --generate"}`,
  });
}
