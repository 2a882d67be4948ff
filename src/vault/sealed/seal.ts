import { Decrypter, Encrypter } from "age-encryption";
import { problem, reasonOf } from "../../errors.ts";
import type { Identity } from "../identity/identity.ts";

/** Every age file begins with this line (age-encryption.org/v1, "header"). */
const firstLine = Buffer.from("age-encryption.org/v1\n");

/** Encrypts `payload` so that the holder of any of these recipients' identities can read it: a binary age file. */
export async function seal(payload: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return encrypter.encrypt(payload);
}

/**
 * Decrypts an age file; `file` is its name for messages. Throws `vault_wrong_identity` when it was sealed for others,
 * and `vault_damaged` when it was cut off or altered. A file whose damage lies in the wrapped key itself looks as one
 * for another identity: age has no way to tell the two apart.
 */
export async function open(sealed: Uint8Array, identity: Identity, file: string): Promise<Uint8Array> {
  if (sealed.length === 0) throw problem("vault_damaged", { file, reason: "it is empty" });
  if (!firstLine.equals(sealed.subarray(0, firstLine.length)))
    throw problem("vault_damaged", { file, reason: "it does not begin as a binary age file does" });
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity.key.expose());
  try {
    return await decrypter.decrypt(sealed);
  } catch (error) {
    if (reasonOf(error) === "no identity matched any of the file's recipients")
      throw problem("vault_wrong_identity", { file, identity: identity.file }, error);
    throw problem("vault_damaged", { file, reason: "it was cut off or altered" }, error);
  }
}
