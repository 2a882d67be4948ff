/** One value for each moment; null where nothing happened. */
export type Values = readonly (number | null)[];

/** A line of a chart. */
export interface Line {
  readonly label: string;
  readonly values: Values;
}

/** What a chart is told. */
export interface ChartProps {
  readonly title: string;
  /** What the picture shows, in a sentence. */
  readonly summary: string;
  /** Unix seconds, one for each value of each line. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
}
