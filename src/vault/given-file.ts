import { isUtf8 } from "node:buffer";
import { type PosternError, problem } from "../errors.ts";
import { Secret } from "../secret.ts";
import { armour } from "./certificates/pem.ts";
import type { Field } from "./kinds/kind.ts";

/** More than any credential takes. */
export const largestBytes = 1024 * 1024;

/** The secret of the item `name` that a file holds, or what came from elsewhere. Throws `value_invalid`. */
export function secretIn(bytes: Buffer, o: { name: string; field: Field; source: string }): Secret {
  const refused = (reason: string, fix: string): PosternError =>
    problem("value_invalid", { name: o.name, reason: `${o.source} ${reason}`, fix });
  if (bytes.length > largestBytes)
    throw refused("is larger than 1 MiB", "give the file that holds the credential and nothing else");
  const text = textOf(bytes);
  if (text !== undefined) return new Secret(text);
  if (o.field.binary === true) return new Secret(armour(bytes));
  // What DER begins with: the tag of an ASN.1 sequence.
  throw bytes[0] === 0x30
    ? refused("is not text, but binary", "convert a key to PEM: openssl pkey -inform der -in FILE")
    : refused("is not UTF-8 text", "give a text file");
}

/** UTF-8, or UTF-16 with its byte order mark, as PowerShell writes it; undefined for what is no text. */
function textOf(bytes: Buffer): string | undefined {
  for (const [encoding, mark] of [
    ["utf-16le", "fffe"],
    ["utf-16be", "feff"],
  ] as const)
    if (bytes.toString("hex", 0, 2) === mark) return new TextDecoder(encoding).decode(bytes);
  // Text around PEM blocks, such as openssl's, may be in any encoding: it is passed over.
  return isUtf8(bytes) || bytes.includes("-----BEGIN ") ? bytes.toString("utf8") : undefined;
}
