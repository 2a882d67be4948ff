import type { Reading } from "./reading.ts";

/** Units of time in milliseconds, the largest first. */
const durations: readonly (readonly [unit: string, ms: number])[] = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** Units of size in bytes. Of two that divide a size evenly, `formatSize` writes the one that stands first. */
const sizes: readonly (readonly [unit: string, bytes: number])[] = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["MB", 1000 ** 2],
  ["KiB", 1024],
  ["KB", 1000],
  ["B", 1],
];

/** Timers of Node.js overflow after 24.8 days; a phase that takes longer than a day is a mistake in the unit. */
export const longestDurationMs = 24 * 3_600_000;

/** The longest part of a body that may be held in memory while its model is searched for. */
export const largestSizeBytes = 1024 ** 3;

/** Patterns of the two, for the JSON Schema. */
export const durationPattern = "^\\d+ *(ms|s|m|h)$";
export const sizePattern = "^\\d+ *(GiB|MiB|MB|KiB|KB|B)$";
export const percentPattern = "^\\d+(\\.\\d+)? *%$";

/** Reads "10s", "500ms", "5m", "1h" or a bare 0 as milliseconds. */
export function parseDuration(found: string | number): Reading<number> {
  return parse(found, durations, { noun: "duration", example: "10s", most: longestDurationMs });
}

/** Reads "32MiB", "64KiB", "10MB" or a bare 0 as bytes. */
export function parseSize(found: string | number): Reading<number> {
  return parse(found, sizes, { noun: "size", example: "32MiB", most: largestSizeBytes });
}

/** Reads "20%" or a bare 0 as a share of one. */
export function parsePercent(found: string | number): Reading<number> {
  if (found === 0) return { value: 0 };
  const percent = /^(?<count>\d+(?:\.\d+)?) *%$/.exec(String(found).trim())?.groups?.["count"];
  if (percent !== undefined && Number(percent) <= 100) return { value: Number(percent) / 100 };
  return { wrong: `found "${found}"; wanted a share from 0% to 100%`, wayOut: 'write it as in "20%"' };
}

/** Writes whole milliseconds in the largest unit that keeps them exact: 90000 is "90s". */
export function formatDuration(ms: number): string {
  return format(ms, durations);
}

/** Writes whole bytes in the largest unit that keeps them exact: 33554432 is "32MiB". */
export function formatSize(bytes: number): string {
  return format(bytes, sizes);
}

function parse(
  found: string | number,
  units: readonly (readonly [string, number])[],
  o: { noun: string; example: string; most: number },
): Reading<number> {
  if (found === 0) return { value: 0 };
  const names = units.map(([unit]) => unit).join(", ");
  const bare = /^-?[\d.]+(e\d+)?$/.test(String(found));
  if (bare)
    return {
      wrong: `found the bare number ${found}; wanted a ${o.noun} with its unit`,
      wayOut: `say what it counts, such as "${o.example}"; the units are ${names}`,
    };
  const parts = /^(?<count>\d+) *(?<unit>[a-z]+)$/i.exec(String(found).trim())?.groups;
  const factor = units.find(([unit]) => unit === parts?.["unit"])?.[1];
  if (parts === undefined || factor === undefined)
    return {
      wrong: `found "${found}"; wanted a ${o.noun}: a whole number and a unit`,
      wayOut: `write it as in "${o.example}"; the units are ${names}`,
    };
  const value = Number(parts["count"]) * factor;
  if (value > o.most)
    return {
      wrong: `found "${found}"; the largest ${o.noun} here is ${format(o.most, units)}`,
      wayOut: "write a smaller one; check the unit",
    };
  return { value };
}

function format(value: number, units: readonly (readonly [string, number])[]): string {
  if (value === 0) return "0";
  const [unit, factor] = units.find(([, factor]) => value % factor === 0) ?? ["", 1];
  return `${value / factor}${unit}`;
}
