import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { problem, reasonOf } from "../errors.ts";

/** Makes a folder that only its owner can enter (0700). Disposing of it removes it with everything in it. */
export async function temporaryFolder(prefix: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const start = join(tmpdir(), prefix);
  try {
    const path = await mkdtemp(start);
    return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
  } catch (error) {
    throw problem("file_unwritable", { file: start, reason: reasonOf(error) }, error);
  }
}
