import { useState } from "preact/hooks";
import { secondText } from "./figures.ts";
import type { ChartProps } from "./lines.ts";

/** How many moments the table shows: enough to read, few enough to hold. */
const tableRows = 60;

/** What a chart shows, as a table that is made when it is opened. */
export function ChartTable({ title, times, lines, text }: Omit<ChartProps, "summary">) {
  const [open, setOpen] = useState(false);
  const busy = open
    ? [...times.keys()].filter((at) => lines.some(({ values }) => (values[at] ?? 0) > 0)).slice(-tableRows)
    : [];
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Figures as a table</summary>
      {open && busy.length === 0 && <p>Nothing happened in the last hour.</p>}
      {busy.length > 0 && (
        // It scrolls by itself, so the keyboard must be able to reach it.
        <div class="chart-table" tabIndex={0} role="region" aria-label={`${title}: figures`}>
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {lines.map(({ label }) => (
                  <th scope="col" key={label}>
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {busy.toReversed().map((at) => (
                <tr key={times[at]}>
                  <th scope="row">{secondText((times[at] ?? 0) * 1000)}</th>
                  {lines.map(({ label, values }) => (
                    <td key={label}>
                      {values[at] === null || values[at] === undefined ? "–" : text(values[at])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}
