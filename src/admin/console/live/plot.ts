import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockText } from "./figures.ts";
import type { Values } from "./lines.ts";

export interface PlotOptions {
  readonly labels: readonly string[];
  readonly text: (value: number) => string;
  /** The pointer is at this moment's index, or has left. */
  readonly onPoint: (index: number | undefined) => void;
}

/** Lines differ by their dashes too: not everybody tells colours apart. */
export const dashes: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [10, 3, 2, 3], [1, 5], [12, 6]];

const height = 170;

/** A drawing of lines over the last hour, in the colours of the theme that is on. */
export class Plot {
  readonly #plot: uPlot;
  readonly #resized: ResizeObserver;

  constructor(host: HTMLElement, { labels, text, onPoint }: PlotOptions) {
    const style = getComputedStyle(host);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis = { stroke: colour("--quiet"), ticks: { show: false }, font: "12px system-ui, sans-serif" };
    this.#plot = new uPlot(
      {
        width: Math.max(host.clientWidth, 100),
        height,
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, sync: { key: "live" } },
        scales: {
          x: { range: (_, min, max) => [min, max] },
          y: { range: (_, __, max) => [0, (max || 1) * 1.1] },
        },
        axes: [
          {
            ...axis,
            size: 30,
            gap: 9, // clear of the lowest mark beside it
            grid: { show: false },
            values: (_, moments) => moments.map((at) => clockText(at * 1000)),
          },
          {
            ...axis,
            size: 64,
            grid: { stroke: colour("--line"), width: 1 },
            values: (_, marks) => marks.map(text),
          },
        ],
        series: [
          {},
          ...labels.map((label, line) => ({
            label,
            stroke: colour(`--line-${line + 1}`),
            width: 1.75,
            dash: [...(dashes[line] ?? [])],
            points: { show: true, size: 5, fill: colour(`--line-${line + 1}`), filter: alone },
          })),
        ],
        hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
      },
      undefined,
      host,
    );
    this.#resized = new ResizeObserver(() =>
      this.#plot.setSize({ width: Math.max(host.clientWidth, 100), height }),
    );
    this.#resized.observe(host);
  }

  draw(times: readonly number[], lines: readonly Values[]): void {
    this.#plot.setData([[...times], ...lines.map((values) => [...values])]);
  }

  /** Puts the cursor of all charts at a moment. */
  point(time: number): void {
    this.#plot.setCursor({ left: this.#plot.valToPos(time, "x"), top: 0 });
  }

  remove(): void {
    this.#resized.disconnect();
    this.#plot.destroy();
  }
}

/** The points that no line shows, because nothing happened just before and after. */
function alone(plot: uPlot, line: number): number[] {
  const values = plot.data[line] ?? [];
  const empty = (at: number): boolean => values[at] === null || values[at] === undefined;
  return [...values.keys()].filter((at) => !empty(at) && empty(at - 1) && empty(at + 1));
}
