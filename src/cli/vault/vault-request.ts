import { basename, dirname } from "node:path";
import { Command } from "commander";
import { problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { checkFree, type Item } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import type { Kind, Requesting } from "../../vault/kinds/kind.ts";
import type { Vault } from "../../vault/vault.ts";
import { type Io, say, sayJson } from "../io.ts";
import { configOption } from "../place.ts";
import { givenOptions } from "./vault-add-options.ts";
import { discard, saveDownload } from "./vault-download.ts";
import { acceptInput, factsOf, type Given, readInput } from "./vault-input.ts";
import { openConfigured } from "./vault-open.ts";

const kind = kinds.certificate;

interface Options {
  readonly config?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `postern vault request`: a key that stays in the vault, and the request that a CA makes its certificate of. */
export function defineRequest(io: Io): Command {
  const command = new Command("request")
    .description("make a key, and the request (PKCS#10) that a CA signs a certificate for; or print it again")
    .argument("<name>", "the item's name")
    .option(...configOption)
    .option("--out <file>", "write the request into this file")
    .option("--json", "print JSON");
  for (const { name, help } of requesting().fields)
    // Given more than once, it gathers: --san a --san b.
    command.option(`--${name} <value>`, help, (value: string, before?: string) =>
      before === undefined ? value : `${before},${value}`,
    );
  return command
    .addHelpText(
      "after",
      "\nExample: postern vault request gen-cert --san gen-cert.example --out gen-cert.csr",
    )
    .action((name: string, o: Options, self: Command) => request(io, name, o, self));
}

function requesting(): Requesting {
  if (kind.request === undefined) throw new TypeError("certificates can be requested");
  return kind.request;
}

async function request(io: Io, name: string, o: Options, command: Command): Promise<void> {
  const { fields, begin, pending } = requesting();
  const facts = factsOf(fields, givenOptions(command), io.cwd);
  const vault = await openConfigured(io, o.config, "vault request");
  const old = vault.find(name);
  const again = old !== undefined && pending(old) !== undefined;
  if (again && Object.keys(facts).length > 0)
    throw problem("usage", {
      message: `"${name}" has its request already, and --${Object.keys(facts)[0]} cannot change it`,
      hint: `postern vault request ${name} prints it again; to make another, choose another name, or remove it first`,
    });
  if (!again) checkFree(vault.items(), name);
  const draft = again ? old : await begin({ name, facts });
  const text = draft.facts["request"] ?? "";
  using _ = io.hold();
  // The file first: a request that nobody can read is not made either.
  const file =
    o.out === undefined
      ? undefined
      : await saveDownload(
          io,
          { fileName: basename(o.out), content: new Secret(text), mode: 0o644 },
          dirname(o.out),
        );
  try {
    if (!again) await vault.add(name, kind.name, draft);
  } catch (error) {
    if (file !== undefined) await discard(file);
    throw error;
  }
  const { subject, keyType } = draft.facts;
  if (o.json)
    return sayJson(io, { name, subject, keyType, request: text, ...(file !== undefined && { file }) });
  if (file === undefined) return void io.stdout.write(text);
  say(io, `wrote ${file}`);
  say(io, `when it is signed: postern vault add ${kind.name} ${name} --pem FILE`);
}

/** Puts the answer to its request into an item that waits for it. */
export async function completeRequest(
  io: Io,
  kind: Kind,
  vault: Vault,
  item: Item,
  given: Given,
): Promise<void> {
  const { name } = item;
  if (given["key"] !== undefined)
    throw problem("usage", {
      message: `the key of "${name}" is in the vault already`,
      hint: "leave --key out, and give the certificate that the CA made of its request",
    });
  const now = new Date();
  const input = await readInput(io, kind, name, given);
  const draft = await acceptInput(io, kind, input, now, (answer) => requesting().complete(item, answer, now));
  await vault.replace(name, draft, { of: item });
  say(
    io,
    `"${name}" is complete${draft.expires === undefined ? "" : ` (expires ${draft.expires.toISOString().slice(0, 10)})`}`,
  );
}
