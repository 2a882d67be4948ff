/** How people write quantities. All of it is English, as the pages are. */

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const number = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** At most three figures, and no zeros that say nothing: 0.4, 12.3, 123. */
const figures = (value: number): string =>
  new Intl.NumberFormat("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 }).format(value);

const both = (value: number, unit: string, rest: number, restUnit: string): string =>
  rest === 0 ? `${value} ${unit}` : `${value} ${unit} ${rest} ${restUnit}`;

/** `340 ms`, `1.24 s`, `3 min 20 s`, `2 h 5 min`, `4 d 3 h`. */
export function durationText(ms: number): string {
  // Rounded first: what is less than a unit must not be written as the whole of it.
  if (Math.round(ms) < secondMs) return `${figures(ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms))} ms`;
  if (Math.round(ms / 100) < minuteMs / 100) return `${figures(ms / secondMs)} s`;
  const seconds = Math.round(ms / secondMs);
  if (seconds < hourMs / secondMs) return both(Math.floor(seconds / 60), "min", seconds % 60, "s");
  const minutes = Math.round(ms / minuteMs);
  if (minutes < dayMs / minuteMs) return both(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(ms / hourMs);
  return both(Math.floor(hours / 24), "d", hours % 24, "h");
}

const sizes = ["B", "kB", "MB", "GB", "TB"] as const;

/** `512 B`, `1.4 kB`, `12.3 MB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let step = 0;
  for (; Math.round(value) >= 1000 && step < sizes.length - 1; step += 1) value /= 1000;
  return `${figures(value)} ${sizes[step] ?? "B"}`;
}

/** `7`, `1,234`, `1.2M`. */
export const countText = (n: number): string => (n < 100_000 ? number.format(n) : short.format(n));

/** Whole days from `now` until `date`; negative when it has passed. */
const daysUntil = (date: Date | string, now: number): number =>
  Math.floor((new Date(date).getTime() - now) / dayMs);

/** What is left until a date at which something expires: `12 days left`, `expires today`, `expired 3 days ago`. */
export function daysText(date: Date | string, now = Date.now()): string {
  const days = daysUntil(date, now);
  const text = (n: number): string => (n === 1 ? "1 day" : `${number.format(n)} days`);
  if (new Date(date).getTime() < now) return days === -1 ? "expired today" : `expired ${text(-days - 1)} ago`;
  return days === 0 ? "expires today" : `${text(days)} left`;
}

/** `now`, `20 seconds ago`, `3 minutes ago`, `in 2 hours`; beyond a month the date. */
export function agoText(at: Date | string, now = Date.now()): string {
  const ms = now - new Date(at).getTime();
  const size = Math.abs(ms);
  if (size < 5 * secondMs) return "now";
  if (size >= 30 * dayMs) return dateText(at);
  const [unitMs, unit] =
    size < minuteMs
      ? [secondMs, "second"]
      : size < hourMs
        ? [minuteMs, "minute"]
        : size < dayMs
          ? [hourMs, "hour"]
          : [dayMs, "day"];
  const n = Math.floor(size / unitMs);
  const text = `${n} ${unit}${n === 1 ? "" : "s"}`;
  return ms < 0 ? `in ${text}` : `${text} ago`;
}

const date = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "long" });

/** `Nov 22, 2026`. */
export const dateText = (at: Date | string): string => date.format(new Date(at));

/** The moment in full, for titles. */
export const exactText = (at: Date | string): string => exact.format(new Date(at));

/** A message of the catalogue as a sentence of a page: with a capital letter, unless a file or key begins it, and a full stop. */
export const sentence = (message: string): string => {
  if (message === "") return "";
  const begun = /^\p{L}+(?:[\s,:]|$)/u.test(message)
    ? message.charAt(0).toUpperCase() + message.slice(1)
    : message;
  return /[.!?:)]$/.test(begun) ? begun : `${begun}.`;
};
