import type { Stats } from "node:fs";
import { lstat, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Address } from "../../config/config.ts";
import { problem, reasonOf } from "../../errors.ts";
import { makeFolder } from "../../make-folder.ts";
import { isListening } from "../../unix-socket.ts";

/**
 * Makes a Unix socket's path ready to be bound, once, before the one or several processes that listen there: its
 * folder is made where there is none, and must be open to us alone; a socket that a program left when it died is
 * removed. Does nothing for other addresses.
 *
 * @throws PosternError socket_folder_open, address_unavailable
 */
export async function clearTheWay(address: Address): Promise<void> {
  if (!("socket" in address)) return;
  const { socket } = address;
  const folder = dirname(socket);
  let stats: Stats;
  try {
    await makeFolder(folder);
    stats = await stat(folder);
  } catch (error) {
    throw problem("address_unavailable", { address: `unix:${socket}`, reason: reasonOf(error) }, error);
  }
  const reason = openTo(stats);
  if (reason !== undefined) throw problem("socket_folder_open", { folder, reason });
  await removeLeft(socket);
}

/** Who else can come into a folder, in words; undefined when it is ours alone. */
function openTo({ uid, mode }: Stats): string | undefined {
  const us = process.geteuid?.();
  // Windows has no such modes.
  if (us === undefined) return undefined;
  if (uid !== us) return `it belongs to the user ${uid}, not to ${us}, as whom this runs`;
  if ((mode & 0o077) === 0) return undefined;
  return `others can enter it (mode ${(mode & 0o7777).toString(8).padStart(4, "0")})`;
}

/** Removes a socket at which nobody answers. Anything else at its path stays. */
async function removeLeft(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSocket() !== true) return;
  if (!(await isListening(path))) await unlink(path);
}
