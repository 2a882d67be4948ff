import type { AuditConfig } from "./config.ts";
import { parseFile } from "./file-path.ts";
import type { Written } from "./file-keys.ts";
import { parseSize } from "./quantities.ts";
import type { Report } from "./report.ts";

const defaultBytes = 10 * 1024 * 1024;
const leastBytes = 4 * 1024;
const defaultKeep = 5;
const mostKeep = 100;

/** Reads `audit:`; the path is relative to `folder`. */
export function readAudit(written: Written["audit"], folder: string, report: Report): AuditConfig {
  return {
    file: readPlace(written?.to ?? "file:audit.log", folder, report),
    maxBytes: readBytes(written?.size, report),
    keep: readKeep(written?.keep, report),
  };
}

function readPlace(found: string, folder: string, report: Report): string | undefined {
  if (found === "off") return undefined;
  const path = ["audit", "to"];
  const file = parseFile(found, folder);
  if (file !== undefined) return report.take(path, file);
  report.add(
    path,
    `found "${found.slice(0, 60)}"; wanted file: and a path, or off`,
    "write it as in to: file:audit.log; the path is relative to this file",
  );
  return undefined;
}

function readBytes(found: string | number | undefined, report: Report): number {
  if (found === undefined) return defaultBytes;
  const path = ["audit", "size"];
  const bytes = report.take(path, parseSize(found));
  if (bytes !== undefined && bytes < leastBytes)
    report.add(path, `found ${String(found)}; the least is 4KiB`, "write a larger size, such as 10MiB");
  return bytes ?? defaultBytes;
}

function readKeep(found: number | undefined, report: Report): number {
  if (found === undefined || (Number.isInteger(found) && found >= 0 && found <= mostKeep))
    return found ?? defaultKeep;
  report.add(
    ["audit", "keep"],
    `found ${found}; wanted a whole number from 0 to ${mostKeep}`,
    "write how many full files are kept beside the one that is written to, such as 5",
  );
  return defaultKeep;
}
