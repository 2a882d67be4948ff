import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { PosternError, problem, reasonOf } from "../errors.ts";
import { replace } from "../replace.ts";
import type { Config } from "./config.ts";
import { configOf, isProblems, readConfigText, readText } from "./load.ts";
import { parseConfig } from "./parse.ts";

/**
 * Changes a configuration file and returns what it says then. Nothing is written when the file has a problem
 * (config_invalid), when the changed text would have one (config_edit_refused), when `accept` throws, or when the text
 * stays as it is. The new file takes the old one's place whole, with its mode and owner; a symbolic link is followed.
 */
export async function editConfig(
  file: string,
  change: (text: string) => string,
  accept: (changed: Config) => Promise<void> | void = () => {},
): Promise<Config> {
  const name = resolve(file);
  const text = await readConfigText(name);
  configOf(text, name);
  const changed = change(text);
  const config = parseConfig(changed, name, readText);
  if (isProblems(config)) throw problem("config_edit_refused", { file: name, problems: config });
  if (changed === text) return config;
  await accept(config);
  await replaceFile(name, text, changed);
  return config;
}

async function replaceFile(file: string, before: string, after: string): Promise<void> {
  try {
    const target = await realpath(file);
    const { mode } = await stat(target);
    const check = async (): Promise<void> => {
      if ((await readConfigText(target)) !== before) throw new Error("another program changed it meanwhile");
    };
    await replace(target, after, { mode: mode & 0o7777, check });
  } catch (error) {
    if (error instanceof PosternError) throw error;
    throw problem("file_unwritable", { file, reason: reasonOf(error) }, error);
  }
}
