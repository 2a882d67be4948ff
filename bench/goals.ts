import type { FigureKey } from "./figures.ts";
import type { Findings } from "./run.ts";
import { lineUp } from "./table.ts";

/** The medians of a run: of Postern, and of another contender of the same run. */
interface Medians {
  readonly postern: (key: FigureKey) => number;
  readonly of: (contender: string, key: FigureKey) => number;
}

/** Something that Postern is to reach, in two steps. NaN stands for what was not measured. */
interface Goal {
  readonly title: string;
  /** What is written behind the measured value. */
  readonly unit: string;
  /** The limit of the first step, and of the second where there is one. */
  readonly steps: readonly number[];
  /** More is better; otherwise less is. */
  readonly atLeast?: true;
  readonly value: (medians: Medians) => number;
}

const toNginx =
  (key: FigureKey): Goal["value"] =>
  ({ postern, of }) =>
    postern(key) / of("nginx", key);

/** What a contender adds to the first byte that comes from the upstream itself. */
const added = ({ of }: Medians, contender: string): number =>
  of(contender, "unary500.firstByteUs.p50") - of("direct", "unary500.firstByteUs.p50");

const goals: readonly Goal[] = [
  {
    title: "CPU per unary request",
    unit: "× nginx",
    steps: [2, 1.4],
    value: toNginx("unary.cpuUsPerRequest"),
  },
  {
    title: "CPU per SSE chunk, saturated",
    unit: "× nginx",
    steps: [1.1, 0.7],
    value: toNginx("sse.cpuUsPerChunk"),
  },
  {
    title: "CPU per SSE chunk, paced, 100 streams",
    unit: "× nginx",
    steps: [1.3, 1.15],
    value: toNginx("ssePaced.cpuUsPerChunk"),
  },
  {
    title: "chunk delay p50, 100 streams",
    unit: "× nginx",
    steps: [1.5, 1],
    value: toNginx("ssePaced.delayUs.p50"),
  },
  {
    title: "chunk delay p99, 100 streams",
    unit: "× nginx",
    steps: [2, 1],
    value: toNginx("ssePaced.delayUs.p99"),
  },
  {
    title: "chunk delay p99, 1,000 streams",
    unit: "× nginx",
    steps: [2, 1],
    value: toNginx("sse1000.delayUs.p99"),
  },
  {
    title: "memory per open stream, 1,000 streams",
    unit: "KB",
    steps: [80, 50],
    value: ({ postern }) => postern("sse1000.kbPerStream"),
  },
  { title: "memory at rest", unit: "MB", steps: [100, 80], value: ({ postern }) => postern("rssMb") },
  {
    title: "start to the first answer",
    unit: "ms",
    steps: [400, 250],
    value: ({ postern }) => postern("readyMs"),
  },
  {
    title: "CPU per unary request, Portkey's",
    unit: "× Postern's",
    steps: [20, 25],
    atLeast: true,
    value: ({ of, postern }) => of("portkey", "unary.cpuUsPerRequest") / postern("unary.cpuUsPerRequest"),
  },
  {
    title: "time to first byte added p50, 500 requests/s",
    unit: "× nginx",
    steps: [1.2, 1],
    value: (medians) => added(medians, "postern") / added(medians, "nginx"),
  },
  {
    title: "requests/s of two workers, a share of a core each (--parts workers)",
    unit: "× one's",
    steps: [1.8],
    atLeast: true,
    value: ({ postern }) => postern("workers.twoOverOne"),
  },
];

/** "met", or how far the value is from the limit. */
function verdict(value: number, limit: number, atLeast: boolean): string {
  if (atLeast ? value >= limit : value <= limit) return "met";
  const off = atLeast ? limit / value - 1 : value / limit - 1;
  return `${Math.round(off * 100)} % off`;
}

/** Each goal with what was measured. */
export function goalsOf(found: readonly Findings[]): string {
  const of: Medians["of"] = (contender, key) =>
    found.find(({ name }) => name === contender)?.figures.get(key)?.median ?? Number.NaN;
  const medians: Medians = { of, postern: (key) => of("postern", key) };
  const rows = goals.map(({ title, unit, steps, atLeast = false, value }) => {
    const measured = value(medians);
    const known = !Number.isNaN(measured);
    const text = known ? `${Number(measured.toPrecision(3))} ${unit}` : "not measured";
    const held = steps.flatMap((limit) => [
      `${atLeast ? "≥" : "≤"} ${limit}`,
      known ? verdict(measured, limit, atLeast) : "",
    ]);
    return [title, text].concat(held);
  });
  return lineUp([["goal", "measured", "first step", "", "then", ""], ...rows]);
}
