import autocannon from "autocannon";
import { machineTime, useOf } from "../accounting.ts";
import { clockUs, question } from "../event.ts";
import { quantile } from "../statistics.ts";
import { headersOf, path, serverName, type Target } from "./target.ts";

/** Requests one after another on each of some connections. */
export interface UnaryJob {
  readonly kind: "unary";
  readonly target: Target;
  readonly connections: number;
  readonly warmSeconds: number;
  readonly seconds: number;
  /** The contender's process, where it has one. */
  readonly pid: number | undefined;
}

export interface UnaryResult {
  readonly requestsPerSecond: number;
  readonly cpuUsPerRequest: number | undefined;
  readonly p50Us: number;
  readonly p99Us: number;
  /** How much of the machine's CPU time nobody used meanwhile. */
  readonly idlePercent: number;
}

export async function loadUnary(job: UnaryJob): Promise<UnaryResult> {
  await fire(job, job.warmSeconds);
  const before = job.pid === undefined ? undefined : useOf(job.pid);
  const timeBefore = machineTime();
  const { latenciesUs, seconds } = await fire(job, job.seconds);
  const time = machineTime();
  const usedUs =
    before === undefined || job.pid === undefined ? undefined : useOf(job.pid).cpuUs - before.cpuUs;
  const requests = latenciesUs.length;
  return {
    requestsPerSecond: requests / seconds,
    cpuUsPerRequest: usedUs === undefined ? undefined : usedUs / requests,
    p50Us: quantile(latenciesUs, 0.5),
    p99Us: quantile(latenciesUs, 0.99),
    idlePercent: ((time.idleMs - timeBefore.idleMs) / (time.allMs - timeBefore.allMs)) * 100,
  };
}

/** One run of autocannon. Latencies are taken as the answers come: its own histogram counts whole milliseconds. */
async function fire(
  { target, connections }: UnaryJob,
  duration: number,
): Promise<{ latenciesUs: Float64Array; seconds: number }> {
  const { port, tls } = target;
  const latenciesUs: number[] = [];
  let refused = 0;
  const begunUs = clockUs();
  let endedUs = begunUs;
  const options: autocannon.Options = {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}${path}`,
    method: "POST",
    headers: headersOf(target),
    body: question("answer"),
    connections,
    duration,
    // It ends with a sample, and would make whole seconds of every duration.
    sampleInt: 100,
    ...(tls === undefined ? {} : { servername: serverName, tlsOptions: tls }),
  };
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const run = autocannon(options, (error: Error | null, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
    run.on("response", (_client, status, _bytes, durationMs) => {
      if (status !== 200) refused += 1;
      latenciesUs.push(durationMs * 1e3);
      endedUs = clockUs();
    });
  });
  if (refused + result.errors + result.timeouts > 0)
    throw new Error(`${refused} refusals, ${result.errors} errors and ${result.timeouts} timeouts`);
  return { latenciesUs: Float64Array.from(latenciesUs), seconds: (endedUs - begunUs) / 1e6 };
}
