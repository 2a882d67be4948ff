import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { entryFile } from "../../installation.ts";
import type { Draft, Item } from "../item.ts";
import type { Input, Kind } from "../kinds/kind.ts";
import { type Done, draftIn, type Task, taskOf } from "./task.ts";
import { Turns } from "./turns.ts";

/** So that the gateway keeps cores and memory, whoever brings how much at once. */
const mostThreads = 2;
/** What waits is in memory, with its files. */
const mostWaiting = 16;

/** The threads in which kinds take what may take them long. */
export class Threads {
  readonly #turns = new Turns(mostThreads, mostWaiting);

  /**
   * Has a kind take what a person gave, or the answer to the request of an item that `waiting` is, without holding up
   * what else this process does: trying a passphrase may take seconds, and runs in a thread of its own then. Throws
   * `imports_exhausted` where too many wait for one.
   */
  async take(kind: Kind, input: Input, now: Date, waiting?: Item): Promise<Draft> {
    const mayTakeLong = kind.fields.some(({ name }) => name === "passphrase");
    if (!mayTakeLong) return kind.accept(input, now);
    return this.#turns.run(() => inThread(taskOf(kind.name, input, now, waiting)));
  }
}

async function inThread(task: Task): Promise<Draft> {
  const worker = new Worker(entryFile("thread"), { workerData: task, env: {} });
  try {
    const [done] = (await once(worker, "message")) as [Done];
    return draftIn(done);
  } finally {
    await worker.terminate();
  }
}
