import { expect, test } from "vitest";
import type { CacheConfig } from "../../src/config/config.ts";
import { bad, good } from "./support.ts";

const text = (cache: string): string => `endpoints:\n  one: { url: one.test, credentials: t${cache} }\n`;
const read = (cache: string): CacheConfig | undefined => good(text(cache)).endpoints.get("one")?.cache;

test("an endpoint has no cache until it says so", () => {
  expect(read("")).toBeUndefined();
  expect(read(", cache:")).toBeUndefined();
});

test("an empty cache has the defaults, and each key takes the place of one", () => {
  const defaults = { sizeBytes: 64 * 1024 ** 2, ttlMs: 3_600_000, shared: false };
  expect(read(", cache: {}")).toEqual(defaults);
  expect(read(", cache: { size: 1MiB }")).toEqual({ ...defaults, sizeBytes: 1024 ** 2 });
  expect(read(", cache: { ttl: 1s }")).toEqual({ ...defaults, ttlMs: 1000 });
  expect(read(", cache: { shared: true }")).toEqual({ ...defaults, shared: true });
});

test.each([
  ["true", "endpoints.one.cache: found the boolean true; wanted a map"],
  ["{ size: 1023KiB }", "endpoints.one.cache.size: found 1023KiB; the least is 1MiB"],
  ["{ size: 0 }", "endpoints.one.cache.size: found 0; the least is 1MiB"],
  ["{ size: 2GiB }", 'endpoints.one.cache.size: found "2GiB"; the largest size here is 1GiB'],
  ["{ ttl: 0 }", "endpoints.one.cache.ttl: found 0; the least is 1s"],
  ["{ ttl: 999ms }", "endpoints.one.cache.ttl: found 999ms; the least is 1s"],
  ["{ ttl: 60 }", "endpoints.one.cache.ttl: found the bare number 60; wanted a duration with its unit"],
  ['{ shared: "yes" }', 'endpoints.one.cache.shared: found "yes"; wanted true or false'],
  ["{ share: true }", 'the key "share" is not known'],
])("cache: %s is refused with the way out", (written, says) => {
  const problems = bad(text(`, cache: ${written}`));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(says);
});
