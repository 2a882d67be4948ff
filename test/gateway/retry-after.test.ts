import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/gateway/attempts/retry-after.ts";

const nowMs = Date.parse("1994-11-06T08:49:30Z");

const cases: readonly (readonly [name: string, headers: readonly string[], ms: number | undefined])[] = [
  ["no header", ["Date", "Sun, 06 Nov 1994 08:49:37 GMT"], undefined],
  ["seconds", ["Retry-After", "120"], 120_000],
  ["none at all", ["retry-after", "0"], 0],
  ["a part of a second, as some servers write", ["Retry-After", "0.25"], 250],
  ["milliseconds", ["retry-after-ms", "80"], 80],
  ["milliseconds before seconds", ["Retry-After", "1", "Retry-After-Ms", "700.5"], 701],
  ["seconds, where the milliseconds are none", ["Retry-After", "1", "Retry-After-Ms", "soon"], 1000],
  ["a date", ["Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"], 7000],
  ["a date of RFC 850", ["Retry-After", "Sunday, 06-Nov-94 08:49:37 GMT"], 7000],
  ["a date of asctime, which is in GMT too", ["Retry-After", "Sun Nov  6 08:49:37 1994"], 7000],
  ["a date that has passed", ["Retry-After", "Sun, 06 Nov 1994 08:49:00 GMT"], 0],
  ["a day: more than is remembered", ["Retry-After", "86400"], 3_600_000],
  ["a negative number", ["Retry-After", "-1"], undefined],
  ["a number that is none", ["Retry-After", "1e3"], undefined],
  ["words", ["Retry-After", "in a while"], undefined],
  ["a date that is none", ["Retry-After", "Sun, 99 Foo 1994 08:49:37 GMT"], undefined],
  ["nothing", ["Retry-After", ""], undefined],
];

test.each(cases)("%s", (_name, headers, ms) => {
  expect(retryAfterMs(headers, nowMs)).toBe(ms);
});
