import type { CacheConfig } from "./config.ts";
import type { WrittenEndpoint } from "./file-keys.ts";
import { formatDuration, formatSize, parseDuration, parseSize } from "./quantities.ts";
import type { Reading } from "./reading.ts";
import type { Report } from "./report.ts";
import type { Path } from "./source.ts";

/** What `cache: {}` says. */
const defaults: CacheConfig = { sizeBytes: 64 * 1024 ** 2, ttlMs: 3_600_000, shared: false };

const leastSizeBytes = 1024 ** 2;
const leastTtlMs = 1000;

/** Reads the cache of an endpoint at `path`; undefined where the file names none. */
export function readCache(
  written: WrittenEndpoint["cache"],
  path: Path,
  report: Report,
): CacheConfig | undefined {
  if (written === undefined || written === null) return undefined;
  const { size, ttl, shared = defaults.shared } = written;
  const sizeBytes =
    size === undefined
      ? defaults.sizeBytes
      : report.take([...path, "size"], atLeast(parseSize(size), leastSizeBytes, size, formatSize));
  const ttlMs =
    ttl === undefined
      ? defaults.ttlMs
      : report.take([...path, "ttl"], atLeast(parseDuration(ttl), leastTtlMs, ttl, formatDuration));
  return { sizeBytes: sizeBytes ?? defaults.sizeBytes, ttlMs: ttlMs ?? defaults.ttlMs, shared };
}

function atLeast(
  reading: Reading<number>,
  least: number,
  found: string | number,
  format: (value: number) => string,
): Reading<number> {
  if (!("value" in reading) || reading.value >= least) return reading;
  return {
    wrong: `found ${found}; the least is ${format(least)}`,
    wayOut: "write a larger one, or leave cache: away for none",
  };
}
