import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { reasonOf } from "../../errors.ts";
import { largestTokenBytes, SourceFault } from "./source-fault.ts";

/** A file that was written less than this ago may be written still: it is not read before. */
const stillMs = 100;
/** How often that is waited for. */
const mostWaits = 20;

/**
 * The text of a file that holds a token, once nobody has written to it for a while: half a token looks like a whole one.
 *
 * @throws SourceFault
 */
export async function readTokenFile(file: string): Promise<string> {
  for (let waits = 0; waits < mostWaits; waits += 1) {
    const { text, writtenMs } = await readOnce(file);
    const ageMs = Math.abs(Date.now() - writtenMs);
    if (ageMs >= stillMs) return text;
    await setTimeout(stillMs - ageMs + 1);
  }
  throw new SourceFault("its file is written all the time");
}

async function readOnce(file: string): Promise<{ readonly text: string; readonly writtenMs: number }> {
  const { O_NONBLOCK, O_RDONLY } = constants;
  try {
    // A pipe in its place must not hold up the reader. Windows has no such flag.
    const handle = await open(file, O_RDONLY | (O_NONBLOCK ?? 0));
    try {
      const before = await handle.stat();
      if (!before.isFile()) throw new SourceFault(`${file} is no file`);
      const buffer = Buffer.alloc(largestTokenBytes + 1);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      if (bytesRead > largestTokenBytes) throw new SourceFault(`${file} is larger than 64 KiB`);
      const { mtimeMs } = await handle.stat();
      return { text: buffer.toString("utf8", 0, bytesRead), writtenMs: mtimeMs };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof SourceFault) throw error;
    throw new SourceFault(`cannot read its file: ${reasonOf(error)}`);
  }
}
