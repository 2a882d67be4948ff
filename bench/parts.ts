import { useOf } from "./accounting.ts";
import type { OneAndTwo } from "./contenders/contender.ts";
import { measureWorkers } from "./workers.ts";
import { known, type Measured } from "./figures.ts";
import type { Load } from "./load/load.ts";
import type { StreamsJob, StreamsResult } from "./load/streams.ts";
import type { Target } from "./load/target.ts";
import type { Plan } from "./plan.ts";

/** A contender that runs, and what it is measured with. */
export interface Subject {
  readonly target: Target;
  /** Its process; undefined where there is none in between. */
  readonly pid: number | undefined;
  readonly byWorkers: OneAndTwo | undefined;
  readonly load: Load;
  readonly plan: Plan;
}

/** One part of a round: some load, and the figures that come of it. */
export interface Part {
  readonly name: string;
  /** The kind of answer whose bytes must have been equal. */
  readonly needs: "answer" | "fixed";
  /** It takes so long that it is measured only when it is named. */
  readonly onlyNamed?: true;
  readonly measure: (subject: Subject) => Promise<Measured>;
}

const perSecond = 500;
const manyStreams = 1000;

const streams = (
  { target, pid, load, plan: { warmSeconds } }: Subject,
  manner: StreamsJob["manner"],
  count: number,
  seconds: number,
): Promise<StreamsResult> => load.run({ kind: "streams", target, pid, manner, count, warmSeconds, seconds });

/** In the order of a round: what opens many streams comes before what fills buffers. */
export const parts: readonly Part[] = [
  {
    name: "unary",
    needs: "answer",
    async measure({ target, pid, load, plan }) {
      const { freshSeconds: warmSeconds, unarySeconds: seconds } = plan;
      const got = await load.run({ kind: "unary", target, pid, connections: 64, warmSeconds, seconds });
      return known({
        "unary.cpuUsPerRequest": got.cpuUsPerRequest,
        "unary.requestsPerSecond": got.requestsPerSecond,
        "unary.latencyUs.p50": got.p50Us,
        "unary.latencyUs.p99": got.p99Us,
      });
    },
  },
  {
    name: "unary-one",
    needs: "answer",
    async measure({ target, pid, load, plan: { oneSeconds: seconds } }) {
      const got = await load.run({ kind: "unary", target, pid, connections: 1, warmSeconds: 0.2, seconds });
      return { "unaryOne.latencyUs.p50": got.p50Us, "unaryOne.latencyUs.p99": got.p99Us };
    },
  },
  {
    name: "unary-500",
    needs: "answer",
    async measure({ target, load, plan: { warmSeconds, unarySeconds: seconds } }) {
      const got = await load.run({ kind: "arrivals", target, perSecond, warmSeconds, seconds });
      return { "unary500.firstByteUs.p50": got.p50Us, "unary500.firstByteUs.p99": got.p99Us };
    },
  },
  {
    name: "sse-1000",
    needs: "fixed",
    async measure(subject) {
      const { pid, plan } = subject;
      const before = pid === undefined ? undefined : useOf(pid).rssBytes;
      const got = await streams(subject, "paced", manyStreams, plan.streamSeconds);
      const { rssBytes: after } = got;
      return known({
        "sse1000.cpuUsPerChunk": got.cpuUsPerChunk,
        "sse1000.chunksPerSecond": got.chunksPerSecond,
        "sse1000.delayUs.p50": got.delayUs?.p50,
        "sse1000.delayUs.p99": got.delayUs?.p99,
        "sse1000.kbPerStream": before && after ? (after - before) / 1024 / manyStreams : undefined,
      });
    },
  },
  {
    name: "sse",
    needs: "fixed",
    async measure(subject) {
      const got = await streams(subject, "burst", 16, subject.plan.streamSeconds);
      return known({ "sse.cpuUsPerChunk": got.cpuUsPerChunk, "sse.chunksPerSecond": got.chunksPerSecond });
    },
  },
  {
    name: "sse-paced",
    needs: "fixed",
    async measure(subject) {
      const got = await streams(subject, "paced", 100, subject.plan.streamSeconds);
      return known({
        "ssePaced.cpuUsPerChunk": got.cpuUsPerChunk,
        "ssePaced.delayUs.p50": got.delayUs?.p50,
        "ssePaced.delayUs.p99": got.delayUs?.p99,
      });
    },
  },
  {
    name: "sse-one",
    needs: "fixed",
    async measure(subject) {
      const got = await streams(subject, "paced", 1, subject.plan.oneSeconds);
      return known({ "sseOne.delayUs.p50": got.delayUs?.p50 });
    },
  },
  {
    name: "workers",
    needs: "answer",
    onlyNamed: true,
    measure: async ({ byWorkers, load, plan }) =>
      byWorkers === undefined ? {} : measureWorkers(byWorkers, load, plan),
  },
];
