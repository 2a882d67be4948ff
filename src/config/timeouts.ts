import type { Timeouts } from "./config.ts";
import type { WrittenTimeouts } from "./keys.ts";
import { parseDuration } from "./quantities.ts";
import type { Report } from "./report.ts";
import type { Path } from "./source.ts";

/** A deployment that scales to zero takes minutes to wake; SDKs wait 10 minutes. */
export const defaultTimeouts: Timeouts = { connectMs: 10_000, firstByteMs: 600_000, idleMs: 300_000 };

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
