import { createHash } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { problem, reasonOf } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { readPrivate } from "../private-file.ts";
import { makeFolder } from "../../make-folder.ts";
import { replace } from "../../replace.ts";

// Between `vault unlock` and `vault lock`, a wrapped identity lies open in the user's runtime folder: one that only the
// user can enter, in memory, which ends with the session (XDG Base Directory Specification, XDG_RUNTIME_DIR).

type Env = Readonly<Record<string, string | undefined>>;

/** The open copy of a wrapped identity, by its wrapped bytes: another passphrase or identity makes it another file. */
function placeOf(env: Env, wrapped: Uint8Array): { folder: string; file: string } | undefined {
  const runtime = env["XDG_RUNTIME_DIR"];
  if (runtime === undefined || !runtime.startsWith("/")) return undefined;
  const folder = join(runtime, "postern");
  return {
    folder,
    file: join(folder, `${createHash("sha256").update(wrapped).digest("hex").slice(0, 32)}.key`),
  };
}

/** The key of a wrapped identity that was unlocked. Throws where others could have put it there. */
export async function findUnlocked(env: Env, wrapped: Uint8Array): Promise<Secret | undefined> {
  const place = placeOf(env, wrapped);
  const bytes = place && (await readPrivate(place.file));
  return bytes && new Secret(bytes.toString("utf8"));
}

/** Puts the key of a wrapped identity where the next commands find it. Throws `usage` where there is no such place. */
export async function keepUnlocked(env: Env, wrapped: Uint8Array, key: Secret): Promise<string> {
  const place = placeOf(env, wrapped);
  if (place === undefined)
    throw problem("usage", {
      message: "XDG_RUNTIME_DIR is not set, so there is no folder in memory to unlock into",
      hint: "log in with a session of systemd, or say with passphrase: in postern.yaml where the passphrase comes from",
    });
  await makeFolder(place.folder);
  try {
    const { mode, uid } = await stat(place.folder);
    if ((mode & 0o077) !== 0 || uid !== (process.getuid?.() ?? uid))
      throw new Error("others can enter the folder");
  } catch (error) {
    throw problem("file_unwritable", { file: place.file, reason: reasonOf(error) }, error);
  }
  await replace(place.file, `${key.expose()}\n`);
  return place.file;
}

/** Takes the key away again. True where there was one. */
export async function dropUnlocked(env: Env, wrapped: Uint8Array): Promise<boolean> {
  const place = placeOf(env, wrapped);
  if (place === undefined || (await readPrivate(place.file)) === undefined) return false;
  await rm(place.file);
  return true;
}
