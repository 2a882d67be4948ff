import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { realpath, rm } from "node:fs/promises";
import { availableMemory } from "node:process";
import type { IdentityPlace } from "../../config/config.ts";
import { type PosternError, problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { readKeyring, removeKeyring, writeKeyring } from "./keyring.ts";
import { readPassphrase, type Unlocking } from "./passphrase.ts";
import { readPrivate } from "../private-file.ts";
import { mostLogN, scryptIdentity, scryptRecipient, TooCostly, workFactorFor } from "./scrypt.ts";
import { replace, sweep } from "../../replace.ts";
import { findUnlocked } from "./unlocked.ts";

/** The X25519 key pair that opens a vault. */
export interface Identity {
  /** Where it was read from, for messages. */
  readonly file: string;
  /** `AGE-SECRET-KEY-1…` */
  readonly key: Secret;
  /** `age1…`, the public part. */
  readonly recipient: string;
}

/** Every binary age file begins so (age-encryption.org/v1, "header"), and every armored one so. */
const wrapped = /^\s*(?:age-encryption\.org\/v1\n|-----BEGIN AGE ENCRYPTED FILE-----)/;

/** An identity's place, in words. */
export const nameOfPlace = (place: IdentityPlace): string =>
  "keyring" in place ? `keyring:${place.keyring}` : place.file;

/**
 * Reads an identity as age-keygen writes it (one secret key, comments and empty lines around it), from a file, from
 * such a file encrypted with a passphrase, as `age -p` makes it, or from the keyring.
 * Throws `vault_locked` when it is not there, `identity_exposed` when others can read it, `identity_invalid` when it
 * holds no such key, and what stands in the way of the passphrase or the keyring.
 */
export async function readIdentity(place: IdentityPlace, unlocking: Unlocking): Promise<Identity> {
  const file = nameOfPlace(place);
  if ("keyring" in place) {
    const entry = await readKeyring(place.keyring);
    if (entry === undefined) throw problem("vault_locked", { identity: file });
    return identityIn(entry.expose(), file);
  }
  const bytes = await readPrivate(place.file);
  if (bytes === undefined) throw problem("vault_locked", { identity: file });
  if (!isWrapped(bytes)) return identityIn(bytes.toString("utf8"), file);
  const unlocked = await findUnlocked(unlocking.env, bytes);
  if (unlocked !== undefined) return identityIn(unlocked.expose(), file);
  return unwrap(bytes, file, await readPassphrase(place.passphrase, file, unlocking));
}

/** Whether the content of an identity file is encrypted with a passphrase. */
export const isWrapped = (bytes: Uint8Array): boolean =>
  wrapped.test(Buffer.from(bytes.subarray(0, 200)).toString("latin1"));

/** Opens a wrapped identity. Throws `identity_passphrase_wrong`, `identity_too_costly` or `identity_invalid`. */
export async function unwrap(bytes: Uint8Array, file: string, passphrase: Secret): Promise<Identity> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(scryptIdentity(passphrase));
  let text: string;
  try {
    const armored = Buffer.from(bytes).toString("latin1").trimStart().startsWith("-----BEGIN ");
    const sealed = armored ? armor.decode(Buffer.from(bytes).toString("latin1")) : bytes;
    text = await decrypter.decrypt(sealed, "text");
  } catch (error) {
    if (error instanceof TooCostly)
      throw problem("identity_too_costly", { identity: file, memory: `${2 ** (mostLogN - 20)} GiB` });
    if ((error as Error).message === "no identity matched any of the file's recipients")
      throw problem("identity_passphrase_wrong", { identity: file });
    throw problem("identity_invalid", { file, reason: "it is encrypted, and was cut off or altered" }, error);
  }
  return identityIn(text, file);
}

/** A new identity, which nothing holds yet; `file` is where it will be. */
export async function newIdentity(file: string): Promise<Identity> {
  const key = await generateX25519Identity();
  return { file, key: new Secret(key), recipient: await identityToRecipient(key) };
}

/**
 * Writes an identity as age-keygen does, in place of the one that is there; with `fresh`, throws `file_exists` for one.
 * With a passphrase, the whole text is encrypted with it and armored: Debian's age takes it as its `-i` too.
 */
export async function writeIdentity(
  place: IdentityPlace,
  identity: Identity,
  o: { readonly now: Date; readonly passphrase?: Secret | undefined; readonly fresh?: boolean },
): Promise<void> {
  const text = `# created: ${o.now.toISOString()}\n# public key: ${identity.recipient}\n${identity.key.expose()}\n`;
  if ("keyring" in place) {
    if (o.fresh === true && (await readKeyring(place.keyring)) !== undefined)
      throw problem("file_exists", { file: nameOfPlace(place) });
    return writeKeyring(place.keyring, identity.key);
  }
  // Through a symbolic link: what it points to would stay as it was, and open the vault without a passphrase.
  const file = await realpath(place.file).catch(() => place.file);
  // An identity that a killed process was about to put there may open the vault, too.
  await sweep(file);
  const written = o.passphrase === undefined ? text : await wrap(text, o.passphrase);
  await replace(file, written, { fresh: o.fresh });
}

async function wrap(text: string, passphrase: Secret): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(scryptRecipient(passphrase, workFactorFor(availableMemory())));
  return armor.encode(await encrypter.encrypt(text));
}

/** Takes back an identity that was just made. */
export async function discardIdentity(place: IdentityPlace): Promise<void> {
  if ("file" in place) await rm(place.file, { force: true });
  else await removeKeyring(place.keyring);
}

async function identityIn(text: string, file: string): Promise<Identity> {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [line, ...more] = lines;
  const invalid = (reason: string): PosternError => problem("identity_invalid", { file, reason });
  if (line === undefined) throw invalid("it holds no key");
  if (line.startsWith("AGE-SECRET-KEY-PQ-1"))
    throw invalid("its key is a post-quantum one, which vaults do not use");
  if (!line.startsWith("AGE-SECRET-KEY-1"))
    throw invalid("its first line that is not a comment is no secret key");
  if (more.length > 0) throw invalid("it holds more than one key");
  try {
    return { file, key: new Secret(line), recipient: await identityToRecipient(line) };
  } catch {
    // The library's message holds the key itself, so it is not even kept as the cause.
    throw invalid("its key is mistyped or cut off");
  }
}
