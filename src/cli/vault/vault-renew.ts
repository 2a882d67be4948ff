import type { Command } from "commander";
import { problem } from "../../errors.ts";
import { dueAt, renewIfDue } from "../../vault/renewal/renewal.ts";
import { type Io, say } from "../io.ts";
import { subcommand } from "../subcommand.ts";
import { openFor } from "./vault-open.ts";

/** `postern vault renew`: certificates of a CA of their own, when they are due. */
export function defineRenew(io: Io): Command {
  return subcommand(
    "renew",
    "make certificates anew that were generated here, once two thirds of their life are over",
    "postern vault renew gen-cert",
  )
    .argument("[names...]", "the items (default: those that renew: in postern.yaml names)")
    .action((names: readonly string[], o: { config?: string }) => renew(io, names, o));
}

async function renew(io: Io, given: readonly string[], o: { config?: string }): Promise<void> {
  const { config, vault } = await openFor(io, o.config, "vault renew");
  const names = given.length > 0 ? given : config.renew;
  if (names.length === 0)
    throw problem("usage", {
      message: "no certificate is named: renew: in postern.yaml is empty",
      hint: "name them here, or there: renew: [gen-cert]",
    });
  for (const name of names) {
    const { item, renewed } = await renewIfDue(vault, name, new Date());
    const end = item.expires?.toISOString().slice(0, 10) ?? "";
    say(
      io,
      renewed
        ? `renewed "${name}" (expires ${end}); its CA is the same, so the platform needs nothing new`
        : `"${name}" is not due before ${dueAt(item).toISOString().slice(0, 10)} (expires ${end})`,
    );
  }
}
