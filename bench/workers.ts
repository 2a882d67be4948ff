import { readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { childrenOf } from "./accounting.ts";
import type { Launched, OneAndTwo } from "./contenders/contender.ts";
import { known, type Measured } from "./figures.ts";
import type { Load } from "./load/load.ts";
import type { UnaryResult } from "./load/unary.ts";
import type { Plan } from "./plan.ts";
import { Program } from "./program.ts";
import { Share } from "./share.ts";

/** What each worker gets of a core: so little that load, upstream and primary never want for any. */
const percent = 25;

/** So many that each of two workers always has something to do. */
const connections = 128;

/** Unary load on one worker and on two, where every worker has the same share of a core to itself. */
export async function measureWorkers({ one, two }: OneAndTwo, load: Load, plan: Plan): Promise<Measured> {
  const byOne = await measure(one, load, plan);
  const byTwo = await measure(two, load, plan);
  return known({
    "workers.twoOverOne": byTwo.requestsPerSecond / byOne.requestsPerSecond,
    "workers.one.requestsPerSecond": byOne.requestsPerSecond,
    "workers.two.requestsPerSecond": byTwo.requestsPerSecond,
    "workers.one.cpuUsPerRequest": byOne.cpuUsPerRequest,
    "workers.two.cpuUsPerRequest": byTwo.cpuUsPerRequest,
    "workers.usedUpPercent": Math.min(byOne.usedUpPercent, byTwo.usedUpPercent),
    "workers.idlePercent": Math.min(byOne.idlePercent, byTwo.idlePercent),
  });
}

async function measure(
  { command, target }: Launched,
  load: Load,
  { freshSeconds, workersSeconds: seconds }: Plan,
): Promise<UnaryResult & { readonly usedUpPercent: number }> {
  // That of an earlier round says already that it is ready.
  rmSync(command.log, { force: true });
  using shares = new DisposableStack();
  await using program = new Program(command);
  await untilAllServe(program, command.log);
  const { pid } = program;
  const job = { kind: "unary", target, pid, connections } as const;
  // With a share of a core, compiling would take several times as long.
  await load.run({ ...job, warmSeconds: freshSeconds, seconds: freshSeconds });
  const children = childrenOf(pid);
  const workers = children.length === 0 ? [pid] : children;
  const given = workers.map((worker) => shares.use(new Share(worker, percent)));
  const result = await load.run({ ...job, warmSeconds: 0.2, seconds });
  return { ...result, usedUpPercent: Math.min(...given.map(({ usedUpPercent }) => usedUpPercent)) };
}

/** Waits for the gateway to say that it is ready, which it does when each of its workers is. */
async function untilAllServe(program: Program, log: string): Promise<void> {
  while (!readFileSync(log, "utf8").includes('{"ready":true')) {
    void program.pid;
    await sleep(3);
  }
}
