import { type PosternError, problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Item } from "../item.ts";
import type { Field, Input } from "./kind.ts";

/** The error for a value that the item `name` cannot have; `field` is the one at fault, where that is not the main one. */
export function refused(name: string, reason: string, fix: string, field?: string): PosternError {
  const details = { name, reason, fix };
  return field === undefined
    ? problem("value_invalid", details)
    : problem("field_invalid", details).of(field);
}

/** The passphrase of a private key. */
export const passphraseField: Field = {
  name: "passphrase",
  label: "Passphrase",
  option: "passphrase-file",
  secret: true,
  required: false,
  help: "file with the passphrase of an encrypted private key",
};

/** The passphrase that came with a private key, if one did; an empty one is none. */
export function givenPassphrase(input: Input): Secret | undefined {
  const text = trimmed(input, "passphrase");
  return text === "" ? undefined : new Secret(text);
}

/** What a person gave, or an item that is looked at again. */
type Given = Pick<Input, "name" | "secrets">;

/** Without a byte order mark and one line break at its end. */
export const bare = (text: string): string => text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "");

const trimmed = (input: Given, field: string): string => bare(input.secrets[field]?.expose() ?? "");

/** A secret as it was given, without a byte order mark and one line break at its end. Throws `value_invalid` if empty. */
export function givenText(input: Given, field: string): Secret {
  const text = trimmed(input, field);
  if (text === "") throw refused(input.name, "it is empty", "give it with --file FILE, or with --stdin");
  return new Secret(text);
}

/** The same for a value of one line: a line break or another control character inside is refused. */
export const givenLine = (input: Given, field: string): Secret => givenWithout(lineFault, input, field);

/** The same for what travels in an Authorization header. */
export const givenToken = (input: Given, field: string): Secret => givenWithout(tokenFault, input, field);

function givenWithout(faultOf: (text: string) => Fault | undefined, input: Given, field: string): Secret {
  const secret = givenText(input, field);
  const fault = faultOf(secret.expose());
  if (fault !== undefined) throw refused(input.name, fault.reason, fault.fix);
  return secret;
}

/** What is wrong with a value, without any part of it, and the way out. */
interface Fault {
  readonly reason: string;
  readonly fix: string;
}

function lineFault(text: string): Fault | undefined {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!/[\u0000-\u001f\u007f]/.test(text)) return undefined;
  return {
    reason: "it has a line break or another control character in it",
    fix: "give the value alone, on one line",
  };
}

/** Why a text is no token, if it is none: only visible ASCII can be sent (RFC 9110 §5.5, RFC 6750 §2.1). */
export function tokenFault(text: string): Fault | undefined {
  if (/^bearer\s/i.test(text))
    return {
      reason: 'it begins with "Bearer"',
      fix: "give the token alone: that word is added to each request",
    };
  if (/^[\x21-\x7e]+$/.test(text)) return undefined;
  return (
    lineFault(text) ?? {
      reason: "it has a space or a character outside ASCII in it, which no token has",
      fix: "give the token alone",
    }
  );
}

/** A value that may be shown; empty counts as absent. */
export function givenFact(input: Pick<Input, "facts">, field: string): string | undefined {
  const text = input.facts[field]?.trim();
  return text === "" ? undefined : text;
}

/** A secret of an item that was read from the vault. Throws `value_invalid` where it is not there. */
export function secretOf(item: Item, field: string): Secret {
  const secret = item.secrets[field];
  if (secret === undefined || secret.expose() === "")
    throw refused(
      item.name,
      `the item has no ${field}`,
      `remove it and add it again: postern vault remove ${item.name}`,
    );
  return secret;
}

/** A fact of an item that was read from the vault. Throws `value_invalid` where it is not there. */
export function factOf(item: Item, field: string): string {
  const fact = item.facts[field];
  if (fact === undefined)
    throw refused(
      item.name,
      `the item has no ${field}`,
      `remove it and add it again: postern vault remove ${item.name}`,
    );
  return fact;
}

/** What most kinds make of an item whose whole is one secret. */
export const singleValue = (field: string) => ({
  recheck: (item: Item): void => void secretOf(item, field),
  reveal: (item: Item): Secret => secretOf(item, field),
  download: (item: Item) => ({
    fileName: `${item.name}.txt`,
    content: new Secret(`${secretOf(item, field).expose()}\n`),
  }),
});
