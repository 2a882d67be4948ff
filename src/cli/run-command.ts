import { Command } from "commander";
import {
  environmentOf,
  gatewayVariables,
  isVariable,
  localKeyVariable,
  type VaultVariable,
  vaultVariables,
} from "../brokers/run-environment.ts";
import { Supervised } from "../brokers/run-watch.ts";
import { type Launch, startProgram } from "../brokers/run.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { PosternError, problem } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Field } from "../vault/kinds/kind.ts";
import { Exit, type Io, sayError } from "./io.ts";
import { configFile, configOption } from "./place.ts";
import { listed } from "./listed.ts";
import { takeSignals } from "./signals.ts";
import { askedItems } from "../vault/tokens/asked-items.ts";
import { openVaultOf, recorderOf } from "./vault/vault-open.ts";
import { readSecret } from "./vault/vault-secret.ts";

interface Options {
  readonly items?: readonly string[];
  readonly mask: boolean;
  readonly watch?: true;
  readonly keyFile?: string;
  readonly config?: string;
}

/** What programs get as their key where the gateway demands none: they insist on one, and the gateway drops it. */
const dummyKey = "no_key";

const keyField: Field = {
  name: "key",
  label: "Local key",
  secret: true,
  required: true,
  help: "the gateway's local key",
};

const notRestarted = "the program goes on with what it has";

const help = `
The program gets this shell's environment; over it OPENAI_BASE_URL and its kin, which name the gateway; over both the
variables of the vault. Its exit status is passed on: 128 and the signal's number where a signal ended it; 127 where
there is no such program, 126 where it may not be started.

What it prints is searched for the values that it was given, and they are masked. To see that, Postern reads its output
through pipes: programs that need the terminal want --no-mask.

Example: postern run --items DATABASE_URL,hf -- python app.py --port 9000`;

/** `postern run`: a program with the vault's environment variables, and with the gateway where it looks for its API. */
export function define(io: Io): Command {
  return new Command("run")
    .description("run a program with the vault's environment variables and the gateway's base URLs")
    .argument("<command...>", "the program and its arguments, after --")
    .option(
      "--items <names>",
      "the items that it gets, with commas between them (default: all that are variables)",
      listed,
    )
    .option("--no-mask", "leave its output alone, secrets and all")
    .option("--watch", "restart it when one of its variables changes in the vault")
    .option("--key-file <file>", `a file with the local key of the gateway (default: ${localKeyVariable})`)
    .option(...configOption)
    .addHelpText("after", help)
    .action((command: readonly string[], options: Options) => runCommand(io, command, options));
}

async function runCommand(io: Io, command: readonly string[], o: Options): Promise<void> {
  const config = await loadConfig(configFile(io, o.config));
  const record = recorderOf(io, config, "run");
  const vault = await openVaultOf(config, io, record);
  const items = await askedItems(
    vault,
    o.items ?? vault.items().flatMap((item) => (isVariable(item) ? item.name : [])),
    io.ended,
  );
  const launch = launcher(io, command, o.mask, {
    config,
    variables: () => vaultVariables(items(), o.items),
    key: await localKey(io, o.keyFile),
  });
  const first = launch();
  if (first.masked !== undefined && io.stdout.isTTY === true)
    note(io, `the output is masked, so ${command[0]} sees no terminal; --no-mask gives it this one`);
  const supervised = new Supervised(first, {
    launch,
    start: (next) => startProgram(next, io.stdout, io.stderr, record),
    watch: o.watch && ((changed) => vault.watch(changed, (error) => warn(io, error))),
    restarting: (names) => note(io, `${names.join(", ")} changed: restarting ${command[0]}`),
    failed: (error) => warn(io, error),
  });
  const giveBack = takeSignals(
    (signal, fromTerminal) => supervised.signal(signal, !fromTerminal),
    io.stdin.isTTY === true,
  );
  try {
    const status = await supervised.run();
    if (status !== 0) throw new Exit(status);
  } catch (error) {
    throw asShellsSay(io, error);
  } finally {
    giveBack();
  }
}

/** Makes the program as it would be started now, and tells once of each variable of the shell's that it replaces. */
function launcher(
  io: Io,
  [program = "", ...args]: readonly string[],
  mask: boolean,
  given: { config: Config; variables: () => readonly VaultVariable[]; key: Secret | undefined },
): () => Launch {
  const { config, key } = given;
  const gateway = gatewayVariables(config, key?.expose() ?? dummyKey);
  if (gateway === undefined)
    note(
      io,
      "the base URLs are not set: postern.yaml names no listener with a port that is known beforehand",
    );
  const told = new Set<string>();
  return () => {
    const variables = given.variables();
    const { env, replaced } = environmentOf(io.env, gateway ?? {}, variables);
    const news = replaced.filter((name) => !told.has(name));
    for (const name of news) told.add(name);
    if (news.length > 0)
      note(io, `set otherwise in this shell, and replaced for ${program}: ${news.join(", ")}`);
    const secrets = variables.map(({ value }) => value).concat(key ?? []);
    const masked = mask && secrets.length > 0 ? secrets : undefined;
    return { command: program, args, env, masked, items: variables.map(({ item }) => item) };
  };
}

/** The key that the gateway demands of local programs, where it demands one. */
async function localKey(io: Io, file: string | undefined): Promise<Secret | undefined> {
  const given = file === undefined ? io.env[localKeyVariable] : await keyIn(io, file);
  return given === undefined || given === "" ? undefined : new Secret(given);
}

async function keyIn(io: Io, file: string): Promise<string> {
  const key = (await readSecret(io, "the local key", keyField, file)).secret.expose().trim();
  if (!/^[\x21-\x7e]+$/.test(key))
    throw problem("usage", {
      message: "--key-file holds no key: one line of visible ASCII characters",
      hint: "give the file that holds the local key and nothing else",
    });
  return key;
}

/** A program that cannot be started gives 127 where it is not there, and 126 where it may not be (POSIX.1, env). */
function asShellsSay(io: Io, error: unknown): unknown {
  if (!(error instanceof PosternError) || error.code !== "program_unstartable") return error;
  sayError(io, error);
  return new Exit((error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT" ? 127 : 126);
}

const note = (io: Io, text: string): void => void io.stderr.write(`postern: ${text}\n`);

const warn = (io: Io, { message, hint }: PosternError): void =>
  void io.stderr.write(`warning: ${message}; ${notRestarted}\nhint: ${hint}\n`);
