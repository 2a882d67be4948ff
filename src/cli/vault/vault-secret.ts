import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import { problem, reasonOf } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { largestBytes, secretIn } from "../../vault/given-file.ts";
import type { Field } from "../../vault/kinds/kind.ts";
import type { Io } from "../io.ts";
import { askSecret, isInteractive } from "../prompt.ts";

/** What stands for standard input, or the terminal, in place of a file's path. */
export const standardInput = "-";

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
  const bytes = await firstBytes(
    place === standardInput ? restOfStdin(io) : createReadStream(resolve(io.cwd, place)),
    source,
  );
  return { secret: secretIn(bytes, { name, field, source }), source };
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
