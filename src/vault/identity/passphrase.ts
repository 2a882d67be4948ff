import { createReadStream } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { PassphrasePlace } from "../../config/config.ts";
import { problem, reasonOf } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { readPrivate } from "../private-file.ts";

/** What an identity may be unlocked with beside its file. */
export interface Unlocking {
  /** Where `CREDENTIALS_DIRECTORY` and `XDG_RUNTIME_DIR` are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks a person for a secret; absent where nobody is there. */
  readonly ask?: ((label: string) => Promise<Secret>) | undefined;
}

/**
 * The passphrase of the identity `identity`, from where the configuration says. Its last line break does not count.
 * Throws `passphrase_missing` where there is none, `identity_exposed` where others can read its file.
 */
export async function readPassphrase(
  place: PassphrasePlace,
  identity: string,
  { env, ask }: Unlocking,
): Promise<Secret> {
  const missing = (reason: string) => problem("passphrase_missing", { identity, reason });
  if ("prompt" in place) {
    if (ask === undefined) throw missing("nobody is there to type it");
    return ask(`Passphrase of ${identity}`);
  }
  const found = "descriptor" in place ? await fromDescriptor(place.descriptor) : await fromFile();
  const line = found.replace(/\r?\n$/, "");
  if (line === "") throw missing("it is empty");
  return new Secret(line);

  async function fromFile(): Promise<string> {
    const folder = env["CREDENTIALS_DIRECTORY"];
    if ("credential" in place && folder === undefined)
      throw missing("CREDENTIALS_DIRECTORY is not set: systemd hands credentials only to its services");
    const file =
      "credential" in place ? join(folder ?? "", place.credential) : "file" in place ? place.file : "";
    const bytes = await readPrivate(file);
    if (bytes === undefined) throw missing(`there is no ${file}`);
    return bytes.toString("utf8");
  }

  async function fromDescriptor(fd: number): Promise<string> {
    try {
      return await text(createReadStream("", { fd, autoClose: false, end: 64 * 1024 }));
    } catch (error) {
      throw missing(`the file descriptor ${fd} cannot be read: ${reasonOf(error)}`);
    }
  }
}
