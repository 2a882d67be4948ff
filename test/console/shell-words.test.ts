import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  agoText,
  countText,
  daysText,
  durationText,
  sentence,
  sizeText,
} from "../../src/admin/console/ui/words.ts";

const secondMs = 1_000;
const dayMs = 86_400_000;

test.each([
  [0, "0 ms"],
  [0.44, "0.4 ms"],
  [340.4, "340 ms"],
  [999.6, "1 s"],
  [1_240, "1.24 s"],
  [12_345, "12.3 s"],
  [59_970, "1 min"],
  [200_000, "3 min 20 s"],
  [3_599_600, "1 h"],
  [7_500_000, "2 h 5 min"],
  [86_399_999, "1 d"],
  [356_400_000, "4 d 3 h"],
])("%s milliseconds are written as %s", (ms, text) => expect(durationText(ms)).toBe(text));

test.each([
  [0, "0 B"],
  [512, "512 B"],
  [999.6, "1 kB"],
  [1_400, "1.4 kB"],
  [999_999, "1 MB"],
  [12_345_678, "12.3 MB"],
  [5e15, "5,000 TB"],
])("%s bytes are written as %s", (bytes, text) => expect(sizeText(bytes)).toBe(text));

test.each([
  [7, "7"],
  [1_234, "1,234"],
  [1_234_567, "1.2M"],
])("the count %s is written as %s", (n, text) => expect(countText(n)).toBe(text));

describe("at noon", () => {
  const now = Date.parse("2026-06-15T12:00:00Z");
  const at = (ms: number): Date => new Date(now + ms);

  test.each([
    [12.5 * dayMs, "12 days left"],
    [1.5 * dayMs, "1 day left"],
    [0.5 * dayMs, "expires today"],
    [-0.5 * dayMs, "expired today"],
    [-1.5 * dayMs, "expired 1 day ago"],
    [-3.5 * dayMs, "expired 3 days ago"],
  ])("%s ms ahead is an expiry of which one says: %s", (ms, text) =>
    expect(daysText(at(ms), now)).toBe(text),
  );

  test.each([
    [0, "now"],
    [-20 * secondMs, "20 seconds ago"],
    [-60 * secondMs, "1 minute ago"],
    [-180 * secondMs, "3 minutes ago"],
    [7_300 * secondMs, "in 2 hours"],
    [-3 * dayMs, "3 days ago"],
    [-40 * dayMs, "May 6, 2026"],
  ])("%s ms ahead is %s", (ms, text) => expect(agoText(at(ms), now)).toBe(text));
});

test("a duration never names more than a unit holds", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
      const [first = "", unit = "", second = "0"] = durationText(ms).split(" ");
      const most = { ms: 999, s: 59.99, min: 59, h: 23, d: Infinity }[unit];
      expect(Number(first.replaceAll(",", ""))).toBeLessThanOrEqual(most ?? 0);
      expect(Number(second)).toBeLessThan(60);
    }),
  );
});

test("a message of the catalogue becomes a sentence, and one that is a sentence stays one", () => {
  expect(sentence("the vault is locked")).toBe("The vault is locked.");
  expect(sentence('did you mean "a"?')).toBe('Did you mean "a"?');
  expect(sentence("docs/api.md says what it takes")).toBe("docs/api.md says what it takes.");
  expect(sentence("gen-cert is not there")).toBe("gen-cert is not there.");
  expect(sentence("")).toBe("");
});
