import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { type PosternError, problem, reasonOf } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Field } from "../../vault/kinds/kind.ts";
import { armour } from "../../vault/certificates/pem.ts";
import type { Io } from "../io.ts";
import { askSecret, isInteractive } from "../prompt.ts";

/** What stands for standard input, or the terminal, in place of a file's path. */
export const standardInput = "-";

/** More than any credential takes. Reading ends here, also that of what never ends. */
const largestBytes = 1024 * 1024;

/** Reads one secret of the item `name` from a file, from standard input or from the terminal. */
export async function readSecret(
  io: Io,
  name: string,
  field: Field,
  place: string,
): Promise<{ secret: Secret; source: string }> {
  if (place === standardInput && isInteractive(io))
    return { secret: await askSecret(io, field.label, field.multiline), source: "the terminal" };
  const source = place === standardInput ? "standard input" : place;
  const refused = (reason: string, fix: string): PosternError =>
    problem("value_invalid", { name, reason: `${source} ${reason}`, fix });
  const bytes = await firstBytes(
    place === standardInput ? restOfStdin(io) : createReadStream(resolve(io.cwd, place)),
    source,
  );
  if (bytes.length > largestBytes)
    throw refused("is larger than 1 MiB", "give the file that holds the credential and nothing else");
  const text = textOf(bytes);
  if (text !== undefined) return { secret: new Secret(text), source };
  if (field.binary === true) return { secret: new Secret(armour(bytes)), source };
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

function restOfStdin(io: Io): Readable {
  if (io.stdin.readableEnded)
    throw problem("usage", {
      message: "standard input can give only one value",
      hint: "give the other one in a file",
    });
  return io.stdin;
}

/** All of the stream; of one that is too large, or never ends, enough to see that. */
async function firstBytes(stream: Readable, source: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > largestBytes) break;
    }
  } catch (error) {
    throw problem("file_unreadable", { file: source, reason: reasonOf(error) }, error);
  }
  return Buffer.concat(chunks);
}
