import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { problem, reasonOf } from "../errors.ts";
import type { Config } from "./config.ts";
import { configOf, isProblems, readConfigText, readText } from "./load.ts";
import { parseConfig } from "./parse.ts";

/**
 * Changes a configuration file and returns what it says then. Nothing is written when the file has a problem
 * (config_invalid), when the changed text would have one (config_edit_refused), when `accept` throws, or when the text
 * stays as it is. The new file takes the old one's place whole, with its mode; a symbolic link is followed.
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
  const target = await realpath(file);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const { mode } = await stat(target);
    const handle = await open(temporary, "wx", mode & 0o7777);
    try {
      // The mode that open() sets is cut by the umask.
      await handle.chmod(mode & 0o7777);
      await handle.writeFile(after);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if ((await readConfigText(target)) !== before) throw new Error("another program changed it meanwhile");
    await rename(temporary, target);
  } catch (error) {
    // Why it could not be written is what counts.
    await rm(temporary, { force: true }).catch(() => {});
    throw problem("file_unwritable", { file, reason: reasonOf(error) }, error);
  }
}
