import type { History } from "../../api/shapes/live.ts";
import { durationText } from "../ui/words.ts";
import { figure, speedText } from "./figures.ts";
import type { ChartProps, Line, Values } from "./lines.ts";

/** The last hour, or what of it something has happened in. */
export interface Hour {
  /** Unix seconds, when each bucket ends. */
  readonly times: readonly number[];
  readonly charts: readonly Omit<ChartProps, "times">[];
}

/** However little has happened, so many buckets are shown. */
const leastBuckets = 30;

export function hourOf({ from, stepMs, errors, ...history }: History): Hour {
  const first = firstOf(history.requests);
  const cut = <T>(buckets: readonly T[]): readonly T[] => buckets.slice(first, -1);
  const cutQuantiles = ({ p50, p95 }: Quantiles): Quantiles => ({ p50: cut(p50), p95: cut(p95) });
  const requests = cut(history.requests);
  const firstTokenMs = cutQuantiles(history.firstTokenMs);
  const tokensPerSecond = cutQuantiles(history.tokensPerSecond);
  const rates = requests.map((count) => count / (stepMs / 1000));
  const wrong = errorLines(
    Object.entries(errors).map(([outcome, counts]) => [outcome, cut(counts)]),
    requests.length,
  );
  return {
    times: requests.map((_, bucket) => (Date.parse(from) + (first + bucket + 1) * stepMs) / 1000),
    charts: [
      {
        title: "Requests per second",
        summary: `${rateText(rates.at(-1) ?? 0)} now, at most ${rateText(Math.max(0, ...rates))} in the last hour`,
        lines: [{ label: "requests", values: rates }],
        text: rateText,
      },
      {
        title: "Time to first token",
        summary: rangeText(firstTokenMs, durationText),
        lines: quantileLines(firstTokenMs, "slowest 5 % (p95)"),
        text: durationText,
      },
      {
        title: "Output tokens per second",
        summary: rangeText(tokensPerSecond, speedText),
        lines: quantileLines(tokensPerSecond, "fastest 5 % (p95)"),
        text: speedText,
      },
      {
        title: "Errors by outcome",
        summary: errorsText(wrong),
        lines: wrong.length === 0 ? [{ label: "errors", values: requests.map(() => 0) }] : wrong,
        text: figure,
      },
    ],
  };
}

/**
 * The first bucket that is shown: where nothing has happened yet, pictures would only be small. The last one is left out
 * too: it is not over, and what it holds would look like a fall.
 */
function firstOf(requests: readonly number[]): number {
  const busy = requests.findIndex((count) => count > 0);
  return busy === -1 ? 0 : Math.max(0, Math.min(busy - 1, requests.length - leastBuckets));
}

type Quantiles = Readonly<Record<keyof History["firstTokenMs"], Values>>;

const rateText = (perSecond: number): string => `${figure(perSecond)}/s`;

/** Half of the answers are at or below the one, nineteen of twenty at or below the other. */
const quantileLines = ({ p50, p95 }: Quantiles, edge: string): readonly Line[] => [
  { label: "median (p50)", values: p50 },
  { label: edge, values: p95 },
];

function rangeText({ p50 }: Quantiles, text: (value: number) => string): string {
  const known = p50.filter((value) => value !== null);
  if (known.length === 0) return "no streamed answer in the last hour";
  const [least, most] = [text(Math.min(...known)), text(Math.max(...known))];
  return `median ${text(known.at(-1) ?? 0)} lately, ${least === most ? least : `${least} to ${most}`} in the last hour`;
}

/** What went wrong, by whom: six lines that can be told apart, in place of eighteen that cannot. */
const groups: readonly (readonly [label: string, outcomes: RegExp])[] = [
  ["answered 5xx", /^answer-5/],
  ["answered 4xx", /^answer-4/],
  ["endpoint failed", /^upstream-/],
  ["too slow", /^timeout-/],
  ["refused here", /^postern-/],
  ["client left or stopped", /^(?:client|operator|shutdown)-/],
];

function errorLines(
  errors: readonly (readonly [outcome: string, counts: readonly number[]])[],
  buckets: number,
): readonly Line[] {
  return groups.flatMap(([label, outcomes]) => {
    const counts = errors.flatMap(([outcome, counts]) => (outcomes.test(outcome) ? [counts] : []));
    if (counts.length === 0) return [];
    const values: Values = Array.from({ length: buckets }, (_, bucket) =>
      counts.reduce((sum, count) => sum + (count[bucket] ?? 0), 0),
    );
    return [{ label, values }];
  });
}

function errorsText(lines: readonly Line[]): string {
  const totals = lines.map(({ label, values }) => ({
    label,
    count: values.reduce<number>((sum, value) => sum + (value ?? 0), 0),
  }));
  if (totals.length === 0) return "none in the last hour";
  return totals.map(({ label, count }) => `${count} ${label}`).join(", ");
}
