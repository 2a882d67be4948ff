import { setTimeout as sleep } from "node:timers/promises";
import { useOf } from "../accounting.ts";
import { clockUs, eventBytes } from "../event.ts";
import { quantile } from "../statistics.ts";
import { dialerOf } from "./dial.ts";
import { Stream, type Tally } from "./stream.ts";
import { requestBytes, type Target } from "./target.ts";

/** Streams that are open together, looked at for a while. */
export interface StreamsJob {
  readonly kind: "streams";
  readonly target: Target;
  readonly manner: "burst" | "paced";
  readonly count: number;
  /** Between the opening of the last stream and the looking; paced streams keep still for the first quarter. */
  readonly warmSeconds: number;
  readonly seconds: number;
  /** The contender's process, where it has one. */
  readonly pid: number | undefined;
}

export interface StreamsResult {
  readonly chunksPerSecond: number;
  readonly cpuUsPerChunk: number | undefined;
  /** At the end, with all streams open. */
  readonly rssBytes: number | undefined;
  /** From the upstream's sending of a chunk to its arrival here; undefined for bursts. */
  readonly delayUs: { readonly p50: number; readonly p99: number } | undefined;
}

/** Streams whose first event is awaited at one time: a listener's queue is short. */
const openingAtOnce = 50;
/** Time for all streams to open. */
const openWithinMs = 5_000;

export async function loadStreams(job: StreamsJob): Promise<StreamsResult> {
  const tally: Tally = { bytes: 0, delaysUs: [], noting: false };
  const streams: Stream[] = [];
  const { promise: broken, reject: fail } = Promise.withResolvers<never>();
  // Streams that break off while they are closed are of no interest.
  broken.catch(() => {});
  try {
    await Promise.race([openAll(job, tally, streams, fail), broken]);
    await Promise.race([sleep(job.warmSeconds * 1e3), broken]);
    const before = look(job, tally);
    tally.noting = true;
    await Promise.race([sleep(job.seconds * 1e3), broken]);
    tally.noting = false;
    const after = look(job, tally);
    const chunks = (after.bytes - before.bytes) / eventBytes;
    const delays = Float64Array.from(tally.delaysUs);
    return {
      chunksPerSecond: chunks / ((after.timeUs - before.timeUs) / 1e6),
      cpuUsPerChunk: after.use && before.use ? (after.use.cpuUs - before.use.cpuUs) / chunks : undefined,
      rssBytes: after.use?.rssBytes,
      delayUs: delays.length === 0 ? undefined : { p50: quantile(delays, 0.5), p99: quantile(delays, 0.99) },
    };
  } finally {
    for (const { socket } of streams) socket.destroy();
  }
}

const look = ({ pid }: StreamsJob, { bytes }: Tally) => ({
  bytes,
  timeUs: clockUs(),
  use: pid === undefined ? undefined : useOf(pid),
});

function openAll(
  { target, manner, count }: StreamsJob,
  tally: Tally,
  streams: Stream[],
  fail: (error: Error) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = requestBytes(target, manner);
  const dial = dialerOf(target);
  let opened = 0;
  const timer = setTimeout(
    () => reject(new Error(`${opened} of ${count} streams were open after ${openWithinMs / 1e3} s`)),
    openWithinMs,
  );
  const openMore = (): void => {
    while (streams.length < count && streams.length - opened < openingAtOnce)
      streams.push(
        new Stream(dial(), request, { tally, stamped: manner === "paced", opened: open, failed: fail }),
      );
  };
  const open = (): void => {
    opened += 1;
    openMore();
    if (opened === count) resolve();
  };
  openMore();
  return promise.finally(() => clearTimeout(timer));
}
