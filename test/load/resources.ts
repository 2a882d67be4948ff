import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/** What a process holds of the system's. */
export interface Resources {
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly sockets: number;
  /** Sockets that wait for connections. */
  readonly listeners: number;
  readonly threads: number;
}

const listening = "0A";

/** How many descriptors a process has open: cheap enough to be asked while something is measured. */
export const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** The fewest that it has open within a moment: a file that it reads just now is one more. */
export async function lastingDescriptorsOf(pid: number): Promise<number> {
  let fewest = descriptorsOf(pid);
  for (let look = 0; look < 20; look += 1) {
    await setTimeout(5);
    fewest = Math.min(fewest, descriptorsOf(pid));
  }
  return fewest;
}

/** Reads them from what the kernel knows of the process. */
export function resourcesOf(pid: number): Resources {
  const targets = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  const sockets = new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []));
  const listeners = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === listening && sockets.has(inode ?? "")),
  );
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    rssBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
    descriptors: targets.length,
    sockets: sockets.size,
    listeners: listeners.length,
    threads: Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1]),
  };
}
