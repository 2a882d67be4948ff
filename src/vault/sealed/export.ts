import { armor, Decrypter, Encrypter } from "age-encryption";
import { availableMemory } from "node:process";
import { z } from "zod";
import { problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import { firstOf } from "./content.ts";
import type { Identity } from "../identity/identity.ts";
import type { Item } from "../item.ts";
import { jsonIn } from "./json.ts";
import { scryptIdentity, scryptRecipient, workFactorFor } from "../identity/scrypt.ts";
import { stored, StoredItem, unstored } from "./stored-item.ts";

const format = "postern-export";
const Export = z.strictObject({
  format: z.literal(format),
  version: z.literal(1),
  items: z.array(StoredItem),
});

/** Whom an export is for: whoever knows a passphrase, or has an identity; or everybody. */
export type Audience =
  | { readonly passphrase: Secret }
  | { readonly recipient: string }
  | { readonly everybody: true };

/** What opens an export. */
export type Opener = { readonly passphrase: Secret } | { readonly identity: Identity };

const begins = "-----BEGIN AGE ENCRYPTED FILE-----";

/** Items as a JSON text, encrypted for the audience (armored age). */
export async function exported(items: readonly Item[], audience: Audience): Promise<string> {
  const text = `${JSON.stringify({ format, version: 1, items: items.map(stored) }, null, 2)}\n`;
  if ("everybody" in audience) return text;
  const encrypter = new Encrypter();
  encrypter.addRecipient(
    "recipient" in audience
      ? audience.recipient
      : scryptRecipient(audience.passphrase, workFactorFor(availableMemory())),
  );
  return armor.encode(await encrypter.encrypt(text));
}

/** How an export wants to be opened; undefined for one that is not encrypted. Throws `export_invalid`. */
export function openerOf(text: string, file: string): "passphrase" | "identity" | undefined {
  if (!isEncrypted(text)) return undefined;
  let header: string;
  try {
    header = Buffer.from(armor.decode(text)).toString("latin1").split("\n---", 1)[0] ?? "";
  } catch (error) {
    throw problem("export_invalid", { file, reason: "it was cut off or altered" }, error);
  }
  return header.includes("\n-> scrypt ") ? "passphrase" : "identity";
}

/** The items of an export; `file` is its name for messages. Throws `export_invalid`. */
export async function exportedItems(
  text: string,
  file: string,
  opener: Opener | undefined,
): Promise<readonly Item[]> {
  const opened = isEncrypted(text) ? await decrypted(text, file, opener) : text;
  const json = jsonIn(opened);
  if (json === undefined) throw problem("export_invalid", { file, reason: "it is not JSON" });
  const read = Export.safeParse(json);
  if (!read.success) throw problem("export_invalid", { file, reason: firstOf(read.error) });
  return read.data.items.map(unstored);
}

const isEncrypted = (text: string): boolean => text.trimStart().startsWith(begins);

async function decrypted(text: string, file: string, opener: Opener | undefined): Promise<string> {
  const decrypter = new Decrypter();
  if (opener !== undefined)
    decrypter.addIdentity(
      "identity" in opener ? opener.identity.key.expose() : scryptIdentity(opener.passphrase),
    );
  try {
    return await decrypter.decrypt(armor.decode(text), "text");
  } catch (error) {
    const reason =
      (error as Error).message === "no identity matched any of the file's recipients"
        ? "it was encrypted for another passphrase or identity"
        : "it was cut off or altered";
    throw problem("export_invalid", { file, reason }, error);
  }
}
