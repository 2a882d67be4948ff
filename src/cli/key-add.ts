import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../config/load.ts";
import { parseCount } from "../config/local-keys.ts";
import { addingKey, makeKey, refuseNewName } from "../config/new-key.ts";
import { editConfig } from "../config/write.ts";
import { PosternError } from "../errors.ts";
import { replace } from "../replace.ts";
import type { Secret } from "../secret.ts";
import { type Io, say, sayJson } from "./io.ts";
import { configFile, configOption } from "./place.ts";
import { recorderOf } from "./vault/vault-open.ts";

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
  const config = await loadConfig(file);
  refuseNewName(name, config);
  const key = makeKey();
  const allowance = { ...options, endpoints: options.endpoint, models: options.model };
  const edit = async (): Promise<void> => {
    await editConfig(file, addingKey(name, key, allowance));
    recorderOf(io, config, "key add")({ action: "key-add", about: name });
  };
  const out = options.out === undefined ? undefined : resolve(io.cwd, options.out);
  // Until it is printed or kept, nobody has the key whose hash is in the file.
  using _ = io.hold();
  if (out === undefined) await edit();
  else await keptIn(out, key, edit);
  if (options.json)
    sayJson(io, { name, file, ...(out === undefined ? { key: key.expose() } : { keyFile: out }) });
  else if (out === undefined) say(io, key.expose());
  // Beside the data, so that what a script reads is the key alone.
  const note = (line: string): void => void io.stderr.write(`${line}\n`);
  note(`added the key "${name}" to ${file}`);
  note(out === undefined ? "it is shown this once: postern.yaml keeps its hash alone" : `wrote it to ${out}`);
  if (config.keys === undefined)
    note("it is the first: from now on every request to the gateway needs a key");
}

/** Writes the key to a new file, then does `edit`; when that fails, no file is left. */
async function keptIn(out: string, key: Secret, edit: () => Promise<unknown>): Promise<void> {
  await replace(out, `${key.expose()}\n`, { fresh: true });
  try {
    await edit();
  } catch (error) {
    // That one has been written.
    const isEdited = error instanceof PosternError && error.code === "file_not_durable";
    if (!isEdited) await rm(out, { force: true });
    throw error;
  }
}

function count(text: string): number {
  const reading = parseCount(/^\d+$/.test(text) ? Number(text) : NaN);
  if ("value" in reading) return reading.value;
  throw new InvalidArgumentError("it takes a whole number from 1");
}
