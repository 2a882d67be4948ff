import { resolve } from "node:path";
import type { Reading } from "./reading.ts";

/** Reads a path, relative to `folder`. What `~` stands for only a shell knows; a service or a container may have no home. */
export function parsePath(found: string, folder: string): Reading<string> {
  if (!found.startsWith("~")) return { value: resolve(folder, found) };
  return {
    wrong: "found a path that begins with ~, which stands for no folder here",
    wayOut: "write the path out, from / or from this file's folder; a name that begins with ~ is ./~",
  };
}

/** Reads `file:` and a path, relative to `folder`; undefined where something else stands there. */
export function parseFile(found: string, folder: string): Reading<string> | undefined {
  const path = found.startsWith("file:") ? found.slice("file:".length) : "";
  return path === "" ? undefined : parsePath(path, folder);
}
