import type { Config } from "./config.ts";
import type { Written } from "./file-keys.ts";
import { parseCount } from "./local-keys.ts";
import { parseSize } from "./quantities.ts";
import type { Report } from "./report.ts";

/** How far into a body its model is searched for: images often stand before it. */
const defaultPeekBytes = 32 * 1024 * 1024;

const leastBytes = 1024;

/** Larger than what any API of models takes in one request. */
const defaultBodyBytes = 1024 ** 3;

/** With one to the endpoint for each, this is well within what systems allow a service. */
const defaultConnections = 4096;

const mostConnections = 1_000_000;

/** Reads `limits:`. */
export function readLimits(written: Written["limits"], report: Report): Config["limits"] {
  const peekBytes = readSize("peek", written?.peek, report) ?? defaultPeekBytes;
  const bodyBytes = readSize("body", written?.body, report) ?? defaultBodyBytes;
  const found = written?.connections;
  const connections =
    found === undefined
      ? undefined
      : report.take(["limits", "connections"], parseCount(found, mostConnections));
  return {
    peekBytes,
    bodyBytes: bodyBytes === 0 ? Infinity : bodyBytes,
    connections: connections ?? defaultConnections,
  };
}

function readSize(
  key: "peek" | "body",
  found: string | number | undefined,
  report: Report,
): number | undefined {
  if (found === undefined) return undefined;
  const path = ["limits", key];
  const bytes = report.take(path, parseSize(found));
  if (bytes === undefined || bytes >= leastBytes || (key === "body" && bytes === 0)) return bytes;
  report.add(
    path,
    `found ${String(found)}, in which no ${key === "peek" ? "model could be found" : "request has room"}; the least is 1KiB`,
    `write a larger size, such as ${key === "peek" ? "32MiB" : "1GiB"}`,
  );
  return undefined;
}
