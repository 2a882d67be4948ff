import { type ArrivalsJob, type ArrivalsResult, loadArrivals } from "./arrivals.ts";
import { loadStreams, type StreamsJob, type StreamsResult } from "./streams.ts";
import type { UnaryJob, UnaryResult } from "./unary.ts";

/** Each kind of job with what comes of it. */
export interface Jobs {
  readonly unary: readonly [UnaryJob, UnaryResult];
  readonly arrivals: readonly [ArrivalsJob, ArrivalsResult];
  readonly streams: readonly [StreamsJob, StreamsResult];
}

export type Job = Jobs[keyof Jobs][0];

async function carryOut(job: Job): Promise<unknown> {
  if (job.kind === "arrivals") return loadArrivals(job);
  if (job.kind === "streams") return loadStreams(job);
  // Loaded here, so that the other kinds of load need no package.
  const { loadUnary } = await import("./unary.ts");
  return loadUnary(job);
}

process.on("disconnect", () => process.exit());
process.on("message", (job: Job) => {
  carryOut(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
