import { quantile } from "../../bench/statistics.ts";

/** The middle and the slowest hundredth of some times in ms. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
}

export const timesOf = (ms: readonly number[]): Times => ({
  p50: quantile(Float64Array.from(ms), 0.5),
  p99: quantile(Float64Array.from(ms), 0.99),
});

export const wordsOf = ({ p50, p99 }: Times): string => `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;

/** Tells a figure to whoever runs the test. A figure is never what a test fails on. */
export const tell = (figure: string): void => console.log(figure);
