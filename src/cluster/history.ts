import type { History } from "../admin/api/shapes/live.ts";
import {
  cells,
  firstTokenScale,
  stepMs,
  steps,
  tokensPerSecondScale,
  troubles,
} from "../gateway/live/hour.ts";
import type { Counted } from "../gateway/live/traffic.ts";
import type { Scale } from "../gateway/live/scale.ts";

/**
 * The last hour as several processes counted it, as if one had.
 *
 * @param nowMs since the epoch
 */
export function summed(all: readonly Counted[], nowMs: number): Counted {
  const last = Math.max(Math.floor(nowMs / stepMs), ...all.map((counted) => counted.last));
  const buckets = new Uint32Array(steps * cells.width);
  for (const counted of all) {
    // Those that looked a moment earlier may have looked at the step before.
    const missing = Math.min(last - counted.last, steps) * cells.width;
    for (let at = missing; at < buckets.length; at += 1)
      buckets[at - missing] = (buckets[at - missing] ?? 0) + (counted.buckets[at] ?? 0);
  }
  const endpoints = [...new Set(all.flatMap((counted) => counted.endpoints))];
  return { endpoints, last, buckets };
}

/** What is shown of the last hour. */
export function historyOf({ endpoints, last, buckets }: Counted): History {
  const column = (cell: number): number[] =>
    Array.from({ length: steps }, (_, step) => buckets[step * cells.width + cell] ?? 0);
  const errors = troubles
    .map((trouble, place) => [trouble, column(cells.troubles + place)] as const)
    .filter(([, counts]) => counts.some((count) => count > 0));
  const quantiles = (from: number, scale: Scale): History["firstTokenMs"] => {
    const at = (q: number): (number | null)[] =>
      Array.from({ length: steps }, (_, step) => {
        const begin = step * cells.width + from;
        return rounded(scale.quantile(buckets.subarray(begin, begin + scale.buckets), q));
      });
    return { p50: at(0.5), p95: at(0.95) };
  };
  return {
    from: new Date((last - steps + 1) * stepMs).toISOString(),
    stepMs,
    endpoints: endpoints.toSorted(),
    requests: column(cells.requests),
    errors: Object.fromEntries(errors),
    firstTokenMs: quantiles(cells.firstToken, firstTokenScale),
    tokensPerSecond: quantiles(cells.tokensPerSecond, tokensPerSecondScale),
  };
}

const rounded = (value: number | null): number | null =>
  value === null ? null : Math.round(value * 10) / 10;
