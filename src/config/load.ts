import { readFileSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { problem, reasonOf } from "../errors.ts";
import type { Config } from "./config.ts";
import { parseConfig } from "./parse.ts";
import type { Problem } from "./problem.ts";
import { largestSourceBytes } from "./source.ts";

/** Reads and checks a configuration file. Throws config_missing, config_unreadable or config_invalid (all problems). */
export async function loadConfig(file: string): Promise<Config> {
  return configOf(await readConfigText(file), resolve(file));
}

/** The text of a configuration file, as it is. Throws config_missing or config_unreadable. */
export async function readConfigText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    const { size } = await stat(file);
    if (size > largestSourceBytes) throw new Error("it is larger than 1 MiB");
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw problem("config_missing", { file }, error);
    throw problem("config_unreadable", { file, reason: reasonOf(error) }, error);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw problem("config_unreadable", { file, reason: "it is not UTF-8 text" }, error);
  }
}

/** The configuration that `text` is, as the content of `file`; `read` reads what it names. Throws config_invalid. */
export function configOf(text: string, file: string, read: (path: string) => string = readText): Config {
  const config = parseConfig(text, file, read);
  if (isProblems(config)) throw problem("config_invalid", { file, problems: config });
  return config;
}

/** Reads a file that the configuration names, such as a CA's. */
export function readText(path: string): string {
  const stats = statSync(path);
  // A pipe or a terminal would keep all of the process waiting for what never comes.
  if (!stats.isFile() && !stats.isDirectory()) throw new Error("it is not a regular file");
  return readFileSync(path, "utf8");
}

/** Whether `parseConfig` found problems. */
export function isProblems(result: Config | readonly Problem[]): result is readonly Problem[] {
  return Array.isArray(result);
}
