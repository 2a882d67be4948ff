import { Command } from "commander";
import { problem } from "../../errors.ts";
import { checkFree, type KindName, kindNames } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import type { Kind } from "../../vault/kinds/kind.ts";
import { type Io, say } from "../io.ts";
import { configOption } from "../place.ts";
import { givenOptions, kindOptions, refuseForeign } from "./vault-add-options.ts";
import { discard, saveDownload } from "./vault-download.ts";
import { acceptInput, factsOf, readInput } from "./vault-input.ts";
import { openConfigured } from "./vault-open.ts";
import { completeRequest } from "./vault-request.ts";

export function defineAdd(io: Io): Command {
  const command = new Command("add")
    .description("add an item")
    .argument("<kind>", "what it is; see below")
    .argument("<name>", "its name in the vault")
    .option(...configOption)
    .option("--generate", "make a new one")
    .option("--stdin", "read the secret from standard input")
    .option("--file <file>", "read the secret from a file")
    .option("--out <dir>", "with --generate: also write it as a file into this folder");
  for (const { flags, help } of kindOptions({ choices: true })) command.option(flags, help);
  return command
    .addHelpText(
      "after",
      `\n${kindsHelp()}\n\nExample: postern vault add certificate gen-cert --pem gen-cert.pem`,
    )
    .action((kind: string, name: string, _options: unknown, self: Command) => add(io, kind, name, self));
}

async function add(io: Io, kindName: string, name: string, command: Command): Promise<void> {
  const kind = kindOf(kindName);
  const given = givenOptions(command);
  refuseForeign(kind, given);
  const vault = await openConfigured(io, given["config"] as string | undefined, "vault add");
  const waiting = vault.find(name);
  if (waiting?.kind === kind.name && kind.request?.pending(waiting) !== undefined)
    return completeRequest(io, kind, vault, waiting, given);
  // Before anybody types a secret for a name that cannot be had.
  checkFree(vault.items(), name);
  const now = new Date();
  if (given["generate"] !== true) {
    const item = await vault.add(
      name,
      kind.name,
      await acceptInput(io, kind, await readInput(io, kind, name, given), now),
    );
    return say(io, added(kind, name, item.expires));
  }
  if (kind.generate === undefined)
    throw problem("usage", {
      message: `--generate makes no ${kind.plural}`,
      hint: "give the one that you have with --stdin or --file FILE",
    });
  const draft = await kind.generate({ name, now, facts: factsOf(kind.choices ?? [], given, io.cwd) });
  const out = given["out"];
  using _ = io.hold();
  // The file first: an item whose file cannot be written is not added either.
  const file =
    typeof out === "string"
      ? await saveDownload(
          io,
          kind.download({ name, kind: kind.name, created: now, changed: now, ...draft }),
          out,
        )
      : undefined;
  try {
    await vault.add(name, kind.name, draft);
  } catch (error) {
    if (file !== undefined) await discard(file);
    throw error;
  }
  say(io, added(kind, name, draft.expires));
  if (file !== undefined) say(io, `wrote ${file}`);
  else if ("certificate" in draft.facts) say(io, `its file: postern vault download ${name}`);
  else if ("publicKey" in draft.facts) say(io, `its public key: postern vault download ${name}`);
  else say(io, `see it: postern vault show ${name} --reveal`);
  if ("ca" in draft.facts) say(io, `the CA to give to the platform: postern vault download ${name} --ca`);
}

const added = (kind: Kind, name: string, expires: Date | undefined): string =>
  `added the ${kind.title} "${name}"${expires === undefined ? "" : ` (expires ${expires.toISOString().slice(0, 10)})`}`;

function kindOf(name: string): Kind {
  if (!kindNames.includes(name as KindName)) throw problem("kind_unknown", { kind: name, known: kindNames });
  return kinds[name as KindName];
}

function kindsHelp(): string {
  const width = Math.max(...kindNames.map((name) => name.length));
  const rows = kindNames.map((name) => {
    const { summary, generate } = kinds[name];
    return `  ${name.padEnd(width)}  ${summary}${generate === undefined ? "" : " (--generate)"}`;
  });
  return ["Kinds:", ...rows].join("\n");
}
