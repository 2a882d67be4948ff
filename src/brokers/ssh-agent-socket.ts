import { lstat, mkdir, rmdir, unlink } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname } from "node:path";
import { PosternError, problem, reasonOf } from "../errors.ts";
import { isListening } from "../unix-socket.ts";

/**
 * Binds a server to a socket that only its owner can open (0600), in a folder that only its owner can enter (0700) where
 * there is none yet. A socket that a dead agent left is replaced, and nothing else is.
 *
 * @throws PosternError address_in_use, address_unavailable, file_exists
 */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  const folder = dirname(path);
  let made = false;
  try {
    made = await makeFolder(folder);
    await clear(path);
    await bind(server, path);
  } catch (error) {
    if (made) await rmdir(folder);
    if (error instanceof PosternError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw problem("address_in_use", { address: path }, error);
    throw problem("address_unavailable", { address: path, reason: whyNotBound(error) }, error);
  }
}

function whyNotBound(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "neither its folder nor the one above is there";
  // The system's word for what does not fit into a socket's address.
  if (code === "EINVAL") return "its path is too long for a socket";
  return reasonOf(error);
}

/** Makes the folder that the socket comes to stand in. False where there is one. */
async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Makes room for the socket. Throws `address_in_use` where an agent answers, `file_exists` for what is no socket. */
async function clear(path: string): Promise<void> {
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (there === undefined) return;
  if (!there.isSocket()) throw problem("file_exists", { file: path });
  if (await isListening(path)) throw problem("address_in_use", { address: path });
  await unlink(path);
}

const bind = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      // When no descriptor is left, a program is not served; the others are.
      server.on("error", () => {});
      resolve();
    });
    // Whoever can open the socket uses the keys: that is its owner alone, from the first moment.
    const before = process.umask(0o177);
    try {
      server.listen({ path });
    } finally {
      process.umask(before);
    }
  });
