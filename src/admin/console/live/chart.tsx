import { useState } from "preact/hooks";
import { ChartTable } from "./chart-table.tsx";
import { secondText } from "./figures.ts";
import type { ChartProps, Line } from "./lines.ts";
import { dashes } from "./plot.ts";
import { usePlot } from "./use-plot.ts";
import "./chart.css";

/** Lines over the last hour, which can be read by eye, with the arrow keys, and as a table. */
export function Chart({ title, summary, times, lines, text }: ChartProps) {
  const [picked, pick] = useState<number>();
  const labels = lines.map(({ label }) => label);
  const { host, point } = usePlot(labels, times, lines, text, pick);
  const last = times.length - 1;
  const at = picked === undefined ? last : Math.min(picked, last);
  const reading = (line: Line): string => {
    const value = line.values[at];
    return value === null || value === undefined ? "–" : text(value);
  };
  const moment = secondText((times[at] ?? 0) * 1000);
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <p>{summary}</p>
      </figcaption>
      <div class="chart-plot" ref={host} aria-hidden="true" />
      <input
        class="chart-moment"
        type="range"
        min={0}
        max={last}
        value={at}
        aria-label={`${title} at a moment of the last hour`}
        aria-valuetext={`${moment}: ${lines.map((line) => `${line.label} ${reading(line)}`).join(", ")}`}
        onInput={({ currentTarget }) => {
          pick(currentTarget.valueAsNumber);
          point(times[currentTarget.valueAsNumber]);
        }}
        onBlur={() => pick(undefined)}
      />
      <ul class="chart-legend">
        <li class="chart-at">{picked === undefined ? "now" : moment}</li>
        {lines.map((line, index) => (
          <li key={line.label}>
            <Swatch line={index} /> {line.label} <b>{reading(line)}</b>
          </li>
        ))}
      </ul>
      <ChartTable title={title} times={times} lines={lines} text={text} />
    </figure>
  );
}

function Swatch({ line }: { readonly line: number }) {
  return (
    <svg class={`swatch swatch-${line + 1}`} viewBox="0 0 28 8" aria-hidden="true">
      <line x1="0" y1="4" x2="28" y2="4" stroke-dasharray={(dashes[line] ?? []).join(" ")} />
    </svg>
  );
}
