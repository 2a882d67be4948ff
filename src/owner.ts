import { fchownSync, fstatSync, type Stats, statSync } from "node:fs";

/**
 * Whose it is to be what root makes beside or instead of a file of somebody else's, who could not open it otherwise: the
 * owner and group of the first of these paths that is there. Undefined for everybody but root, whose files are their own.
 */
export function ownerLike(...paths: readonly string[]): Pick<Stats, "uid" | "gid"> | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const path of paths) {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats !== undefined) return stats;
  }
  return undefined;
}

/** Gives an open file that owner. By its descriptor: a path in a folder of theirs may lead elsewhere in the next moment. */
export function leaveToOwner(descriptor: number, ...paths: readonly string[]): void {
  const owner = ownerLike(...paths);
  if (owner === undefined) return;
  const { uid, gid } = fstatSync(descriptor);
  if (owner.uid !== uid || owner.gid !== gid) fchownSync(descriptor, owner.uid, owner.gid);
}
