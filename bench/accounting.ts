import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

/** What a process and its descendants have used. */
export interface Use {
  /** CPU time of all their threads, user and system, in µs. */
  readonly cpuUs: number;
  /** Resident memory, in bytes. */
  readonly rssBytes: number;
}

const pageBytes = 4096;

const numbersIn = (path: string): number[] => readFileSync(path, "utf8").trim().split(/\s+/).map(Number);

/**
 * Reads the kernel's accounting. CPU time comes from each thread's `schedstat`, which counts nanoseconds where
 * `/proc/PID/stat` counts ticks of 10 ms. No contender ends threads or processes while it is measured.
 */
export function useOf(pid: number): Use {
  let cpuUs = 0;
  let rssBytes = (numbersIn(`/proc/${pid}/statm`)[1] ?? 0) * pageBytes;
  for (const thread of readdirSync(`/proc/${pid}/task`))
    cpuUs += (numbersIn(`/proc/${pid}/task/${thread}/schedstat`)[0] ?? 0) / 1e3;
  for (const child of childrenOf(pid)) {
    const use = useOf(child);
    cpuUs += use.cpuUs;
    rssBytes += use.rssBytes;
  }
  return { cpuUs, rssBytes };
}

/** The processes that one has started, whichever of its threads did. */
export function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"));
  return lists.flatMap((list) => list.split(" ").filter(Boolean).map(Number));
}

/** CPU time of the whole machine since it started, in ms: what there was, and what nobody used of it. */
export function machineTime(): { readonly allMs: number; readonly idleMs: number } {
  let allMs = 0;
  let idleMs = 0;
  for (const { times } of cpus()) {
    for (const ms of Object.values(times)) allMs += ms;
    idleMs += times.idle;
  }
  return { allMs, idleMs };
}
