import { parentPort, workerData } from "node:worker_threads";
import { perform, type Task } from "./vault/apart/task.ts";

// A thread for what would hold up all else (src/vault/apart/take.ts): it does one task, and ends.

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origins
parentPort?.postMessage(await perform(workerData as Task));
