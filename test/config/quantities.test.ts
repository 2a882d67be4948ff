import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatDuration,
  formatSize,
  largestSizeBytes,
  longestDurationMs,
  parseDuration,
  parseSize,
} from "../../src/config/quantities.ts";

test("a duration reads back as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: longestDurationMs }), (ms) => {
      const text = formatDuration(ms);
      expect(parseDuration(text === "0" ? 0 : text)).toEqual({ value: ms });
    }),
  );
});

test("a size reads back as it was written", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: largestSizeBytes }), (bytes) => {
      const text = formatSize(bytes);
      expect(parseSize(text === "0" ? 0 : text)).toEqual({ value: bytes });
    }),
  );
});

test("any text is either a quantity or a problem with a way out", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double(), fc.integer()), (found) => {
      for (const reading of [parseDuration(found), parseSize(found)]) {
        if ("value" in reading) expect(reading.value).toSatisfy((n: number) => Number.isInteger(n) && n >= 0);
        else expect(reading.wayOut).not.toBe("");
      }
    }),
  );
});

test.each([
  ["500ms", 500],
  ["10s", 10_000],
  ["10 s", 10_000],
  ["5m", 300_000],
  ["1h", 3_600_000],
  [0, 0],
  ["0s", 0],
])("the duration %s is %d ms", (text, ms) => {
  expect(parseDuration(text)).toEqual({ value: ms });
});

test.each([
  ["32MiB", 33_554_432],
  ["64KiB", 65_536],
  ["10MB", 10_000_000],
  ["5KB", 5000],
  ["512B", 512],
])("the size %s is %d bytes", (text, bytes) => {
  expect(parseSize(text)).toEqual({ value: bytes });
});

test.each([10, "10", -5, 1.5, "1.5s", "10S", "10 seconds", "s", "", "25h", "1e3s", "99999999999999999999h"])(
  "%j is not a duration",
  (found) => {
    expect(parseDuration(found)).toHaveProperty("wrong");
  },
);

test("quantities are written in the largest unit that keeps them exact", () => {
  expect([600_000, 90_000, 1500, 3_600_000].map(formatDuration)).toEqual(["10m", "90s", "1500ms", "1h"]);
  expect([33_554_432, 10_000_000, 1536, 1025].map(formatSize)).toEqual(["32MiB", "10MB", "1536B", "1025B"]);
});
