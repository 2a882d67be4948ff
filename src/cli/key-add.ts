import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { addKey, type NewKey } from "../config/edit.ts";
import { loadConfig } from "../config/load.ts";
import { digestOf, faultOfKeyName, parseCount } from "../config/local-keys.ts";
import { editConfig } from "../config/write.ts";
import { problem, reasonOf } from "../errors.ts";
import { Secret } from "../secret.ts";
import { type Io, say, sayJson } from "./io.ts";
import { configFile, configOption } from "./place.ts";

/** With so many random bits nobody finds the key to a hash, however fast the hash is. */
const keyBytes = 32;

interface Options {
  readonly config?: string;
  readonly endpoint?: readonly string[];
  readonly model?: readonly string[];
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrency?: number;
  readonly out?: string;
  readonly json?: true;
}

const help = `
The key is printed once, alone on standard output, or written to a file that only you can read; postern.yaml keeps its
hash. The application sends it as its API key. With the first key, every request to the gateway needs one.

Example:
  postern key add editor --endpoint private-2 --requests-per-minute 60 --out editor.key`;

/** `postern key add`: makes a local key for an application. */
export function defineAdd(io: Io): Command {
  return new Command("add")
    .description("make a local key for an application, and put its hash into postern.yaml")
    .argument("<name>", "the application's name")
    .option("--endpoint <name...>", "the endpoints that it may use (default: all)")
    .option("--model <model...>", "the models that it may name, as requests name them (default: all)")
    .option("--requests-per-minute <n>", "how many requests it may send in a minute", count)
    .option("--tokens-per-minute <n>", "how many tokens it may use in a minute, both ways", count)
    .option("--concurrency <n>", "how many of its requests may be in flight at once", count)
    .option("--out <file>", "write the key to this new file (0600) instead of printing it")
    .option("--json", "print JSON")
    .option(...configOption)
    .addHelpText("after", help)
    .action((name: string, options: Options) => add(io, name, options));
}

async function add(io: Io, name: string, options: Options): Promise<void> {
  const file = configFile(io, options.config);
  const fault = faultOfKeyName(name);
  if (fault !== undefined) throw problem("usage", { message: fault.wrong, hint: fault.wayOut });
  const { keys } = await loadConfig(file);
  if (keys?.has(name) === true)
    throw problem("usage", {
      message: `the key "${name}" is there already`,
      hint: `choose another name, or remove it first: postern key remove ${name}`,
    });
  const key = new Secret(`postern-${randomBytes(keyBytes).toString("base64url")}`);
  const entry = entryOf(key, options);
  const edit = () => editConfig(file, (text) => addKey(text, name, entry));
  const out = options.out === undefined ? undefined : resolve(io.cwd, options.out);
  if (out === undefined) await edit();
  else await keptIn(out, key, edit);
  if (options.json)
    sayJson(io, { name, file, ...(out === undefined ? { key: key.expose() } : { keyFile: out }) });
  else if (out === undefined) say(io, key.expose());
  // Beside the data, so that what a script reads is the key alone.
  const note = (line: string): void => void io.stderr.write(`${line}\n`);
  note(`added the key "${name}" to ${file}`);
  note(out === undefined ? "it is shown this once: postern.yaml keeps its hash alone" : `wrote it to ${out}`);
  if (keys === undefined) note("it is the first: from now on every request to the gateway needs a key");
}

function entryOf(key: Secret, options: Options): NewKey {
  const limits = {
    ...(options.requestsPerMinute === undefined ? {} : { "requests-per-minute": options.requestsPerMinute }),
    ...(options.tokensPerMinute === undefined ? {} : { "tokens-per-minute": options.tokensPerMinute }),
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
  };
  return {
    hash: `sha256:${digestOf(key.expose())}`,
    ...(options.endpoint === undefined ? {} : { endpoints: options.endpoint }),
    ...(options.model === undefined ? {} : { models: options.model }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** Writes the key to a new file, then does `edit`; when that fails, no file is left. */
async function keptIn(out: string, key: Secret, edit: () => Promise<unknown>): Promise<void> {
  try {
    const handle = await open(out, "wx", 0o600);
    try {
      await handle.writeFile(`${key.expose()}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw problem("file_exists", { file: out }, error);
    throw problem("file_unwritable", { file: out, reason: reasonOf(error) }, error);
  }
  try {
    await edit();
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  }
}

function count(text: string): number {
  const reading = parseCount(/^\d+$/.test(text) ? Number(text) : NaN);
  if ("value" in reading) return reading.value;
  throw new InvalidArgumentError("it takes a whole number from 1.");
}
