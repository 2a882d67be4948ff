/** A figure of a contender. */
export interface Figure {
  /** Its place in the JSON: the names of nested objects. */
  readonly key: string;
  readonly title: string;
  readonly digits: number;
}

/** Every figure, in the order of the table. */
export const figures = [
  { key: "unary.cpuUsPerRequest", title: "unary, 64 connections: CPU µs/request", digits: 1 },
  { key: "unary.requestsPerSecond", title: "unary, 64 connections: requests/s", digits: 0 },
  { key: "unary.latencyUs.p50", title: "unary, 64 connections: latency p50 µs", digits: 0 },
  { key: "unary.latencyUs.p99", title: "unary, 64 connections: latency p99 µs", digits: 0 },
  { key: "unaryOne.latencyUs.p50", title: "unary, 1 connection: latency p50 µs", digits: 0 },
  { key: "unaryOne.latencyUs.p99", title: "unary, 1 connection: latency p99 µs", digits: 0 },
  { key: "unary500.firstByteUs.p50", title: "unary, 500/s: first byte p50 µs", digits: 0 },
  { key: "unary500.firstByteUs.p99", title: "unary, 500/s: first byte p99 µs", digits: 0 },
  { key: "sse.cpuUsPerChunk", title: "SSE, 16 streams saturated: CPU µs/chunk", digits: 1 },
  { key: "sse.chunksPerSecond", title: "SSE, 16 streams saturated: chunks/s", digits: 0 },
  { key: "sseOne.delayUs.p50", title: "SSE, 1 stream at 33/s: delay p50 µs", digits: 0 },
  { key: "ssePaced.cpuUsPerChunk", title: "SSE, 100 streams at 33/s: CPU µs/chunk", digits: 1 },
  { key: "ssePaced.delayUs.p50", title: "SSE, 100 streams at 33/s: delay p50 µs", digits: 0 },
  { key: "ssePaced.delayUs.p99", title: "SSE, 100 streams at 33/s: delay p99 µs", digits: 0 },
  { key: "sse1000.cpuUsPerChunk", title: "SSE, 1,000 streams at 33/s: CPU µs/chunk", digits: 1 },
  { key: "sse1000.chunksPerSecond", title: "SSE, 1,000 streams at 33/s: chunks/s", digits: 0 },
  { key: "sse1000.delayUs.p50", title: "SSE, 1,000 streams at 33/s: delay p50 µs", digits: 0 },
  { key: "sse1000.delayUs.p99", title: "SSE, 1,000 streams at 33/s: delay p99 µs", digits: 0 },
  { key: "sse1000.kbPerStream", title: "memory per open stream, 1,000 streams: KB", digits: 1 },
  { key: "workers.twoOverOne", title: "workers, a share each: two over one, requests/s", digits: 2 },
  { key: "workers.one.requestsPerSecond", title: "workers, a share each: one, requests/s", digits: 0 },
  { key: "workers.two.requestsPerSecond", title: "workers, a share each: two, requests/s", digits: 0 },
  { key: "workers.one.cpuUsPerRequest", title: "workers, a share each: one, CPU µs/request", digits: 1 },
  { key: "workers.two.cpuUsPerRequest", title: "workers, a share each: two, CPU µs/request", digits: 1 },
  { key: "workers.usedUpPercent", title: "workers: periods in which a share was used up, %", digits: 0 },
  { key: "workers.idlePercent", title: "workers: CPU of the machine left idle, %", digits: 0 },
  { key: "rssMb", title: "memory at rest: MB", digits: 1 },
  { key: "readyMs", title: "start to the first answer: ms", digits: 0 },
] as const satisfies readonly Figure[];

export type FigureKey = (typeof figures)[number]["key"];

/** What one part of a round measured. */
export type Measured = Readonly<Partial<Record<FigureKey, number>>>;

/** A measurement that is missing is left out, rather than noted as undefined. */
export const known = (all: { readonly [Key in keyof Measured]: number | undefined }): Measured =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
