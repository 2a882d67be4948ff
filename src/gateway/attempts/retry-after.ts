import { fieldValues } from "../message.ts";

/** A longer pause than this is not remembered: clocks are wrong at times, and so are servers. */
const longestMs = 3_600_000;

/**
 * How long an endpoint asks to be left alone, in milliseconds: `Retry-After` in seconds or as a date (RFC 9110 §10.2.3),
 * and before that `retry-after-ms`, which OpenAI's SDKs know.
 *
 * @param nowMs since the epoch
 */
export function retryAfterMs(rawHeaders: readonly string[], nowMs: number): number | undefined {
  const [exact = ""] = fieldValues(rawHeaders, "retry-after-ms");
  const [written = ""] = fieldValues(rawHeaders, "retry-after");
  const ms = decimal(exact) ?? seconds(written) ?? untilDate(written, nowMs);
  return ms === undefined ? undefined : Math.min(longestMs, Math.max(0, Math.ceil(ms)));
}

const decimal = (text: string): number | undefined =>
  /^[0-9]{1,12}(?:\.[0-9]{1,6})?$/.test(text) ? Number(text) : undefined;

function seconds(text: string): number | undefined {
  const found = decimal(text);
  return found === undefined ? undefined : found * 1000;
}

/** Dates are in GMT, but in the asctime form they do not say so (RFC 9110 §5.6.7). */
function untilDate(text: string, nowMs: number): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? .*[0-9]{2}:[0-9]{2}:[0-9]{2}/.test(text)) return undefined;
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at - nowMs;
}
