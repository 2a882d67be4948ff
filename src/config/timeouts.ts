import type { Timeouts } from "./config.ts";
import type { Written, WrittenTimeouts } from "./file-keys.ts";
import { parseDuration } from "./quantities.ts";
import type { Report } from "./report.ts";
import type { Path } from "./source.ts";

/** A deployment that scales to zero takes minutes to wake; SDKs wait 10 minutes. */
export const defaultTimeouts: Timeouts = { connectMs: 10_000, firstByteMs: 600_000, idleMs: 300_000 };

/** Most streams are over by then, and few people wait longer for a restart. */
const defaultDrainMs = 30_000;

/** Reads how long a stop waits. */
export function readDrain(written: Written["timeouts"], report: Report): number {
  const found = written?.drain;
  const ms = found === undefined ? undefined : report.take(["timeouts", "drain"], parseDuration(found));
  return ms === 0 ? Infinity : (ms ?? defaultDrainMs);
}

/** Reads the timeouts at `path`; each that is not written is `fallback`'s. */
export function readTimeouts(
  written: WrittenTimeouts,
  fallback: Timeouts,
  path: Path,
  report: Report,
): Timeouts {
  const read = (key: "connect" | "first-byte" | "idle", otherwise: number): number => {
    const found = written?.[key];
    return found === undefined ? otherwise : (report.take([...path, key], parseDuration(found)) ?? otherwise);
  };
  return {
    connectMs: read("connect", fallback.connectMs),
    firstByteMs: read("first-byte", fallback.firstByteMs),
    idleMs: read("idle", fallback.idleMs),
  };
}
