import { type Figure, type FigureKey, figures } from "./figures.ts";
import type { Findings } from "./run.ts";
import type { Spread } from "./statistics.ts";

const format = (value: number, { digits }: Figure): string =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** "38.1 (36.9–41.2) 2.0×": the median, the spread, and the ratio to nginx's. */
function cell(figure: Figure, spread: Spread | undefined, nginx: Spread | undefined): string {
  if (spread === undefined) return "–";
  const { median, min, max } = spread;
  const apart = min === max ? "" : ` (${format(min, figure)}–${format(max, figure)})`;
  const ratio = nginx === undefined || nginx === spread ? "" : ` ${(median / nginx.median).toFixed(2)}×`;
  return format(median, figure) + apart + ratio;
}

/** Rows in columns two spaces apart, the first column to the left and the others to the right. */
export function lineUp(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [column, text] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, text.length);
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** Every figure of every contender, then what was not measured and why. */
export function tableOf(found: readonly Findings[]): string {
  const nginx = found.find(({ name }) => name === "nginx")?.figures;
  const measured = figures.filter(({ key }) => found.some(({ figures }) => figures.has(key)));
  const row = (figure: Figure & { readonly key: FigureKey }): string[] => [
    figure.title,
    ...found.map(({ figures }) => cell(figure, figures.get(figure.key), nginx?.get(figure.key))),
  ];
  const notes = found.flatMap(({ name, note, failures }) => [
    ...(note === undefined ? [] : [`${name}: ${note}`]),
    ...[...failures].map(([what, how]) => `${name} failed at "${what}": ${how}`),
  ]);
  return [lineUp([["", ...found.map(({ name }) => name)], ...measured.map(row)]), "", ...notes].join("\n");
}
