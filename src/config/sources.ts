import { resolve } from "node:path";
import { PosternError } from "../errors.ts";
import type { Config } from "./config.ts";
import { configOf, readConfigText, readText } from "./load.ts";
import { fingerprint } from "./watch.ts";

/** What a configuration was made from; another process can make the same one of it, whatever the files hold by then. */
export interface Sources {
  /** Absolute path of the configuration file. */
  readonly file: string;
  /** Its text and that of each file that it names (a CA's), by absolute path. None of them holds a secret. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What a look at a configuration's files found. */
interface Found {
  /** The configuration, or why there is none: config_missing, config_unreadable, config_invalid. */
  readonly config: Config | PosternError;
  readonly sources: Sources;
  /** Each file that was looked at, with its fingerprint from just before. */
  readonly seen: ReadonlyMap<string, string>;
}

/** Reads a configuration and the files that it names. */
export async function findConfig(path: string): Promise<Found> {
  const file = resolve(path);
  const texts = new Map<string, string>();
  const seen = new Map([[file, fingerprint(file)]]);
  const keep = (named: string): string => {
    seen.set(named, fingerprint(named));
    const text = readText(named);
    texts.set(named, text);
    return text;
  };
  const found = { sources: { file, texts }, seen };
  try {
    const text = await readConfigText(file);
    texts.set(file, text);
    return { ...found, config: configOf(text, file, keep) };
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    return { ...found, config: error };
  }
}

/** Makes the configuration of these sources again, in whichever process. Throws config_invalid. */
export function configFrom({ file, texts }: Sources): Config {
  const textOf = (path: string): string => {
    const text = texts.get(path);
    if (text === undefined) throw new Error("it is not among the sources");
    return text;
  };
  return configOf(textOf(file), file, textOf);
}
