import { realpath, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { PosternError, problem, reasonOf } from "../errors.ts";
import { replace } from "../replace.ts";
import type { Config } from "./config.ts";
import { configOf, isProblems, readConfigText, readText } from "./load.ts";
import { parseConfig } from "./parse.ts";
import type { Problem } from "./problem.ts";
import { Source } from "./source.ts";

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

/**
 * The same for a change that takes something out, which may be what is wrong with the file: of the problems that it has,
 * any may stay, and they are returned. Nothing is written when the file is no YAML (config_invalid), or when the change
 * would make another problem (config_edit_refused).
 */
export async function removeFromConfig(
  file: string,
  remove: (text: string) => string,
  accept: (rest: Config | readonly Problem[]) => Promise<void> | void = () => {},
): Promise<readonly Problem[]> {
  const name = resolve(file);
  const text = await readConfigText(name);
  const source = Source.read(text, name);
  // Then nobody can tell where what is to go begins and ends.
  if (!(source instanceof Source)) throw problem("config_invalid", { file: name, problems: source });
  const changed = remove(text);
  const rest = parseConfig(changed, name, readText);
  const left = problemsIn(rest);
  // By their keys: the lines are others, and so may be the names in a message.
  const known = new Set(problemsIn(parseConfig(text, name, readText)).map(({ key }) => key));
  const others = left.filter(({ key }) => !known.has(key));
  if (others.length > 0) throw problem("config_edit_refused", { file: name, problems: others });
  if (changed === text) return left;
  await accept(rest);
  await replaceFile(name, text, changed);
  return left;
}

const problemsIn = (result: Config | readonly Problem[]): readonly Problem[] =>
  isProblems(result) ? result : [];

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
