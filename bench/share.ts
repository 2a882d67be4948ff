import { existsSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Short, so that a process that has used up its share waits milliseconds for the next one. */
const periodUs = 10_000;

/** Where the kernel takes limits of CPU time: version 1 of its control groups, or version 2. */
const v1 = "/sys/fs/cgroup/cpu";
const v2 = "/sys/fs/cgroup";

/** A fixed share of one core, for one process and all its threads. */
export class Share implements Disposable {
  readonly #root = existsSync(v1) ? v1 : v2;
  readonly #group: string;

  /** @throws Error where this machine gives no shares */
  constructor(pid: number, percent: number) {
    const quotaUs = (periodUs * percent) / 100;
    try {
      this.#group = mkdtempSync(join(this.#root, "postern-bench-"));
      // Also when a signal ends the run.
      process.once("exit", this.#remove);
      if (this.#root === v2) this.#write("cpu.max", `${quotaUs} ${periodUs}`);
      else {
        this.#write("cpu.cfs_period_us", periodUs);
        this.#write("cpu.cfs_quota_us", quotaUs);
      }
    } catch (cause) {
      throw new Error("a share of a core takes root, and control groups that can be written", { cause });
    }
    this.#write("cgroup.procs", pid);
  }

  /** In how many of its periods it was used up, in percent: of a process that always has something to do, in all. */
  get usedUpPercent(): number {
    const stat = readFileSync(join(this.#group, "cpu.stat"), "utf8");
    const count = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1]);
    return (count("nr_throttled") / count("nr_periods")) * 100;
  }

  [Symbol.dispose](): void {
    this.#remove();
    process.off("exit", this.#remove);
  }

  #write(file: string, value: number | string): void {
    writeFileSync(join(this.#group, file), String(value));
  }

  readonly #remove = (): void => {
    for (const pid of readFileSync(join(this.#group, "cgroup.procs"), "utf8").split("\n"))
      if (pid !== "") writeFileSync(join(this.#root, "cgroup.procs"), pid);
    // A process that was killed a moment ago is in none of the lists, and still in the way.
    for (let tries = 100; ; tries -= 1)
      try {
        return rmdirSync(this.#group);
      } catch (error) {
        if (tries === 0) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
  };
}
