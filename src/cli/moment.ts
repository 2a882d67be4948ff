import { problem } from "../errors.ts";
import { lengthIn } from "../vault/renewal/grace.ts";

/** The length of "30m", "24h" or "7d" in milliseconds, up to ten years. Throws `usage`. */
export function lengthOf(option: string, text: string): number {
  const ms = lengthIn(text);
  if (ms === undefined)
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
