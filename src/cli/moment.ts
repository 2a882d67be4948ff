import { problem } from "../errors.ts";

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The length of "30m", "24h" or "7d" in milliseconds, up to ten years. Throws `usage`. */
export function lengthOf(option: string, text: string): number {
  const parts = /^(?<count>\d{1,7})(?<unit>[mhd])$/.exec(text)?.groups;
  const ms = Number(parts?.["count"]) * (unitMs[parts?.["unit"] ?? ""] ?? Number.NaN);
  if (text === "0") return 0;
  if (!(ms >= 0 && ms <= 3653 * 86_400_000))
    throw problem("usage", {
      message: `${option}: found "${text.slice(0, 40)}"; wanted a length of time with its unit`,
      hint: "write it as in 30m, 24h or 7d",
    });
  return ms;
}

/** A moment in the past, given as its date or by how long ago it was. Throws `usage`. */
export function momentOf(option: string, text: string, now: Date): Date {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const moment = new Date(text);
    if (!Number.isNaN(moment.getTime())) return moment;
    throw problem("usage", {
      message: `${option}: "${text.slice(0, 40)}" is no date`,
      hint: "write it as in 2026-01-31 or 2026-01-31T12:00:00Z, or as how long ago it was: 24h, 7d",
    });
  }
  return new Date(now.getTime() - lengthOf(option, text));
}
