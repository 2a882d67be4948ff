import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Draft, Item } from "../item.ts";
import type { Input, Kind } from "../kinds/kind.ts";
import { type Done, draftIn, taskOf } from "./task.ts";

/**
 * Has a kind take what a person gave, or the answer to the request of an item that `waiting` is, without holding up what
 * else this process does: trying a passphrase may take seconds, and runs in a thread of its own then.
 */
export async function takeApart(kind: Kind, input: Input, now: Date, waiting?: Item): Promise<Draft> {
  const mayTakeLong = kind.fields.some(({ name }) => name === "passphrase");
  if (!mayTakeLong) return kind.accept(input, now);
  // What is shipped is bundled, flat in one folder (rolldown.config.ts).
  const fromSources = import.meta.filename.endsWith(".ts");
  const file = join(import.meta.dirname, fromSources ? "../../thread.ts" : "thread.js");
  const worker = new Worker(file, { workerData: taskOf(kind.name, input, now, waiting), env: {} });
  try {
    const [done] = (await once(worker, "message")) as [Done];
    return draftIn(done);
  } finally {
    await worker.terminate();
  }
}
