import { cpus, loadavg, release, totalmem } from "node:os";

/** The facts of a machine that its figures depend on. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  /** Of the last 1, 5 and 15 minutes, at the start. */
  readonly loadAverage: readonly number[];
}

export function lookAround(): Machine {
  const processors = cpus();
  return {
    cores: processors.length,
    cpu: processors[0]?.model.trim() ?? "unknown",
    memoryMb: Math.round(totalmem() / 1e6),
    kernel: release(),
    node: process.version,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
  };
}
