import { resolve } from "node:path";
import { problem } from "../errors.ts";
import { Secret } from "../secret.ts";
import { readPrivate } from "../vault/private-file.ts";
import type { Io } from "./io.ts";
import { askSecret, isInteractive } from "./prompt.ts";

/** The shortest that is taken: shorter ones are guessed in no time, whatever scrypt costs. */
const leastLength = 8;

/** The option by which a command takes a new passphrase from a file. */
export const passphraseFileOption = [
  "--passphrase-file <file>",
  "the file that holds the passphrase (default: it is asked for, twice)",
] as const;

/** A new passphrase for `what`, from a file or typed twice. Throws `usage`. */
export async function newPassphrase(io: Io, what: string, file: string | undefined): Promise<Secret> {
  const passphrase =
    file === undefined ? await typedTwice(io, what) : await passphraseIn(resolve(io.cwd, file));
  if (passphrase.expose().length >= leastLength) return passphrase;
  throw problem("usage", {
    message: `the passphrase is shorter than ${leastLength} characters`,
    hint: "take a longer one: four or five words that nobody would put together",
  });
}

/** A passphrase that is there already, from a file or typed once. */
export async function knownPassphrase(io: Io, what: string, file: string | undefined): Promise<Secret> {
  if (file !== undefined) return passphraseIn(resolve(io.cwd, file));
  refuseWithoutTerminal(io);
  return askSecret(io, `Passphrase of ${what}`);
}

/** Its last line break does not count. */
async function passphraseIn(file: string): Promise<Secret> {
  const bytes = await readPrivate(file);
  if (bytes === undefined) throw problem("file_unreadable", { file, reason: "there is no such file" });
  const passphrase = bytes.toString("utf8").replace(/\r?\n$/, "");
  if (passphrase !== "") return new Secret(passphrase);
  throw problem("usage", {
    message: `--passphrase-file: ${file} is empty`,
    hint: "give the file that holds the passphrase and nothing else",
  });
}

async function typedTwice(io: Io, what: string): Promise<Secret> {
  refuseWithoutTerminal(io);
  const first = await askSecret(io, `New passphrase of ${what}`);
  const second = await askSecret(io, "The same again");
  if (first.equals(second)) return first;
  throw problem("usage", { message: "the two passphrases are not the same", hint: "type them again" });
}

function refuseWithoutTerminal(io: Io): void {
  if (isInteractive(io)) return;
  throw problem("usage", {
    message: "nobody is there to type the passphrase",
    hint: "name a file that holds it: --passphrase-file FILE",
  });
}
