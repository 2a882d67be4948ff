import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { type FileHandle, open, rm } from "node:fs/promises";
import type { Stats } from "node:fs";
import { PosternError, problem, reasonOf } from "../errors.ts";
import { Secret } from "../secret.ts";
import { syncFolder } from "./stores/replace.ts";

/** The X25519 key pair that a vault is sealed for and authenticated with. */
export interface Identity {
  /** Where it was read from, for messages. */
  readonly file: string;
  /** `AGE-SECRET-KEY-1…` */
  readonly key: Secret;
  /** `age1…`, the public part. */
  readonly recipient: string;
}

/**
 * Reads an identity as age-keygen writes it: one secret key, comments and empty lines around it.
 * Throws `vault_locked` when the file is absent, `identity_exposed` when others can read it, `identity_invalid` when it
 * holds no such key.
 */
export async function readIdentity(file: string): Promise<Identity> {
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw problem("vault_locked", { identity: file }, error);
    throw problem("file_unreadable", { file, reason: reasonOf(error) }, error);
  }
  let text: string;
  try {
    const stats = await handle.stat();
    if (isExposed(stats))
      throw problem("identity_exposed", { file, mode: (stats.mode & 0o777).toString(8).padStart(4, "0") });
    text = await handle.readFile("utf8");
  } catch (error) {
    if (error instanceof PosternError) throw error;
    throw problem("file_unreadable", { file, reason: reasonOf(error) }, error);
  } finally {
    await handle.close();
  }
  return { file, ...(await keyPairIn(text, file)) };
}

/**
 * Makes a new identity file (0600), as age-keygen does. Throws `file_exists` when there is a file already; leaves none
 * behind when it fails.
 */
export async function createIdentity(file: string, now: Date): Promise<Identity> {
  const key = await generateX25519Identity();
  const recipient = await identityToRecipient(key);
  let handle: FileHandle;
  try {
    handle = await open(file, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw problem("file_exists", { file }, error);
    throw problem("file_unwritable", { file, reason: reasonOf(error) }, error);
  }
  try {
    try {
      await handle.writeFile(`# created: ${now.toISOString()}\n# public key: ${recipient}\n${key}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    // A vault must not outlive its identity, which may lie in another folder.
    await syncFolder(file);
  } catch (error) {
    await rm(file, { force: true });
    if (error instanceof PosternError) throw error;
    throw problem("file_unwritable", { file, reason: reasonOf(error) }, error);
  }
  return { file, key: new Secret(key), recipient };
}

/**
 * Whether others than its owner can read or write it. Kubernetes mounts a secret as root's, readable by the pod's own
 * group (0440 with fsGroup): that is as private as such a mount can be, where we read it through that group.
 */
function isExposed(stats: Stats): boolean {
  const uid = process.getuid?.();
  // Windows has no such modes.
  if (uid === undefined || (stats.mode & 0o077) === 0) return false;
  const ours = [process.getegid?.(), ...(process.getgroups?.() ?? [])].includes(stats.gid);
  return !(stats.uid === 0 && uid !== 0 && ours && (stats.mode & 0o037) === 0);
}

async function keyPairIn(text: string, file: string): Promise<{ key: Secret; recipient: string }> {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const [line, ...more] = lines;
  const invalid = (reason: string) => problem("identity_invalid", { file, reason });
  if (line === undefined) throw invalid("it holds no key");
  if (/^(age-encryption\.org\/|-----BEGIN AGE ENCRYPTED)/.test(line)) throw invalid("it is itself encrypted");
  if (line.startsWith("AGE-SECRET-KEY-PQ-1"))
    throw invalid("its key is a post-quantum one, which vaults do not use");
  if (!line.startsWith("AGE-SECRET-KEY-1"))
    throw invalid("its first line that is not a comment is no secret key");
  if (more.length > 0) throw invalid("it holds more than one key");
  try {
    return { key: new Secret(line), recipient: await identityToRecipient(line) };
  } catch {
    // The library's message holds the key itself, so it is not even kept as the cause.
    throw invalid("its key is mistyped or cut off");
  }
}
