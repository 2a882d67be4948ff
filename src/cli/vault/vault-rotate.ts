import type { Command } from "commander";
import type { Config } from "../../config/config.ts";
import { endpointsWith } from "../../config/users.ts";
import { problem } from "../../errors.ts";
import type { Draft, Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import type { Kind } from "../../vault/kinds/kind.ts";
import { keptFacts, madeAnew } from "../../vault/renewal/anew.ts";
import { type Io, say } from "../io.ts";
import { lengthOf } from "../moment.ts";
import { isInteractive } from "../prompt.ts";
import { subcommand } from "../subcommand.ts";
import { givenOptions, kindOptions, refuseForeign } from "./vault-add-options.ts";
import { acceptInput, type Given, readInput } from "./vault-input.ts";
import { openFor } from "./vault-open.ts";

/** Options that say how to rotate, and not what to. */
const own = new Set(["config", "grace", "back"]);

/** `postern vault rotate`: another value for an item, without a moment at which it has none. */
export function defineRotate(io: Io): Command {
  const command = subcommand(
    "rotate",
    "give an item a new value: a generated one, or the one that --stdin, --file or --pem gives",
    "postern vault rotate my-token --grace 48h",
  )
    .argument("<name>", "the item's name")
    .option("--grace <time>", "how long the old value is kept, to go back to: 30m, 24h, 7d, 0", "24h")
    .option("--back", "put the old value back")
    .option("--stdin", "read the new value from standard input")
    .option("--file <file>", "read the new value from a file");
  for (const { flags, help } of kindOptions({ choices: false })) command.option(flags, help);
  return command.action((name: string, _options: unknown, self: Command) =>
    rotate(io, name, givenOptions(self)),
  );
}

async function rotate(io: Io, name: string, all: Given): Promise<void> {
  const given = Object.fromEntries(Object.entries(all).filter(([option]) => !own.has(option)));
  const isGiven = Object.values(given).some((value) => value !== undefined);
  const { config, vault } = await openFor(io, all["config"] as string | undefined, "vault rotate");
  const old = vault.get(name);
  const kind = kinds[old.kind];
  if (all["back"] === true) {
    if (isGiven)
      throw problem("usage", { message: "--back takes no new value", hint: "leave the other options out" });
    const item = await vault.bringBack(name);
    say(io, `"${name}" has its old value back`);
    return sayUsers(io, config, item);
  }
  refuseForeign(kind, given);
  const graceMs = lengthOf("--grace", String(all["grace"]));
  const made = isGiven || isAsked(io, kind) ? undefined : await madeAnew(old, new Date());
  const item = await vault.replace(name, made ?? (await takenOver(io, kind, old, given)), { graceMs });
  say(io, `"${name}" has a new value${item.expires === undefined ? "" : ` (expires ${day(item.expires)})`}`);
  if (item.previous !== undefined)
    say(
      io,
      `the old one is kept until ${item.previous.until.toISOString()}: postern vault rotate ${name} --back`,
    );
  sayUsers(io, config, item);
  if (made !== undefined) sayWhereToTell(io, kind, old, item);
}

/** Whether a person is there to give what cannot be generated. */
const isAsked = (io: Io, { generate }: Kind): boolean => generate === undefined && isInteractive(io);

/** A value that a person gives. What is no secret stays, unless it is given too. */
async function takenOver(io: Io, kind: Kind, old: Item, given: Given): Promise<Draft> {
  const input = await readInput(io, kind, old.name, given);
  return acceptInput(io, kind, { ...input, facts: { ...keptFacts(old), ...input.facts } }, new Date());
}

function sayUsers(io: Io, config: Config, { name }: Item): void {
  for (const endpoint of endpointsWith(config, name))
    say(io, `the endpoint "${endpoint}" uses it from now on; a gateway that runs takes it up by itself`);
}

/** A new value opens nothing before whoever checks it knows it. */
function sayWhereToTell(io: Io, kind: Kind, old: Item, item: Item): void {
  const { ca } = item.facts;
  if (ca !== undefined && ca === old.facts["ca"])
    return say(io, "its CA is the same, so the platform needs nothing new");
  const part =
    ca === undefined
      ? `postern vault show ${item.name} --reveal`
      : `postern vault download ${item.name} --ca`;
  say(io, `the platform has to know it before it opens anything: Vault, ${kind.plural}; ${part} gives it`);
}

const day = (date: Date): string => date.toISOString().slice(0, 10);
