import { type PosternError, problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Attachable, Draft, Item } from "../item.ts";
import type { Field, Input } from "./kind.ts";

/** The error for a value that the item `name` cannot have. */
export const refused = (name: string, reason: string, fix: string): PosternError =>
  problem("value_invalid", { name, reason, fix });

/** The passphrase of a private key. */
export const passphraseField: Field = {
  name: "passphrase",
  label: "Passphrase",
  option: "passphrase-file",
  secret: true,
  required: false,
  help: "file with the passphrase of an encrypted private key",
};

/** The passphrase that came with a private key, if one did. */
export const givenPassphrase = (input: Input): Secret | undefined =>
  input.secrets["passphrase"] && givenText(input, "passphrase");

/** A secret as it was given, without a byte order mark and one line break at its end. Throws `value_invalid` if empty. */
export function givenText(input: Input, field: string): Secret {
  const text = (input.secrets[field]?.expose() ?? "").replace(/^\uFEFF/, "").replace(/\r?\n$/, "");
  if (text === "") throw refused(input.name, "it is empty", "give it with --file FILE, or with --stdin");
  return new Secret(text);
}

/** The same for a value of one line: a line break or another control character inside is refused. */
export function givenLine(input: Input, field: string): Secret {
  const secret = givenText(input, field);
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(secret.expose()))
    throw refused(
      input.name,
      "it has a line break or another control character in it",
      "give the value alone, on one line",
    );
  return secret;
}

/** The same for what travels in an Authorization header: only visible ASCII can (RFC 9110 §5.5, RFC 6750 §2.1). */
export function givenToken(input: Input, field: string): Secret {
  const secret = givenLine(input, field);
  if (/^bearer\s/i.test(secret.expose()))
    throw refused(
      input.name,
      'it begins with "Bearer"',
      "give the token alone: that word is added to each request",
    );
  if (!/^[\x21-\x7e]+$/.test(secret.expose()))
    throw refused(
      input.name,
      "it has a space or a character outside ASCII in it, which no token has",
      "give the token alone",
    );
  return secret;
}

/** A value that may be shown; empty counts as absent. */
export function givenFact(input: Input, field: string): string | undefined {
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

/** `Authorization: Bearer …` (RFC 6750 §2.1). */
export function bearerHeader(item: Item): Attachable {
  return {
    header: { name: "authorization", value: new Secret(`Bearer ${secretOf(item, "value").expose()}`) },
  };
}

export const tokenDraft = (value: Secret): Draft => ({ facts: {}, secrets: { value } });
