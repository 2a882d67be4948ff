import type { ProbeConfig } from "./config.ts";
import type { WrittenProbe } from "./file-keys.ts";
import { parseDuration } from "./quantities.ts";
import type { Report } from "./report.ts";
import type { Path } from "./source.ts";

const defaultEveryMs = 10_000;

/** An endpoint that is asked more often than this has more to do with the probes than with the requests. */
const leastEveryMs = 1000;

/** Reads an endpoint's `probe:` at `path`. */
export function readProbe(written: WrittenProbe, path: Path, report: Report): ProbeConfig | undefined {
  if (!written) return undefined;
  report.requires(path, "path", "/health");
  if (written.path !== undefined && !/^\/[!-"$-~]*$/.test(written.path))
    report.add(
      [...path, "path"],
      `found "${written.path.slice(0, 60)}"; wanted a path of the endpoint's origin, as it goes on the wire`,
      "write it as in path: /health",
    );
  const everyMs =
    written.every === undefined
      ? defaultEveryMs
      : report.take([...path, "every"], parseDuration(written.every));
  if (everyMs !== undefined && everyMs < leastEveryMs)
    report.add([...path, "every"], "found less than 1s", "write a longer time, such as 10s");
  return { path: written.path ?? "/", everyMs: everyMs ?? defaultEveryMs };
}
