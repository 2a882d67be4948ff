import { readdirSync, readFileSync } from "node:fs";

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
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const task = `/proc/${pid}/task/${thread}`;
    cpuUs += (numbersIn(`${task}/schedstat`)[0] ?? 0) / 1e3;
    for (const child of readFileSync(`${task}/children`, "utf8").split(" ")) {
      if (child === "") continue;
      const use = useOf(Number(child));
      cpuUs += use.cpuUs;
      rssBytes += use.rssBytes;
    }
  }
  return { cpuUs, rssBytes };
}
