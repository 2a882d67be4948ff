import { Command, Option } from "commander";
import { loadConfig } from "../config/load.ts";
import { problem } from "../errors.ts";
import { actions } from "../vault/audit/action.ts";
import { choosing } from "../vault/audit/audit-choice.ts";
import { entriesOf, type Entry } from "../vault/audit/audit-entry.ts";
import { readLog } from "../vault/audit/audit-file.ts";
import { type Io, say, sayJson, table } from "./io.ts";
import { configFile, configOption } from "./place.ts";
import { momentOf } from "./moment.ts";

interface Options {
  readonly config?: string;
  readonly item?: string;
  readonly endpoint?: string;
  readonly action?: string;
  readonly since?: string;
  readonly failed?: true;
  readonly json?: true;
}

/** `postern audit`: who used which credential when, from the record of the vault's use. */
export function define(io: Io): Command {
  return new Command("audit")
    .description("who used which credential, when and where")
    .option(...configOption)
    .option("--item <name>", "only uses of this item")
    .option("--endpoint <name>", "only uses for this endpoint")
    .addOption(new Option("--action <action>", "only uses of this kind").choices(actions))
    .option("--since <time>", "only uses since then: 24h, 7d, 2026-01-31 or 2026-01-31T12:00:00Z")
    .option("--failed", "only uses that met an error")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  postern audit --since 24h\n  postern audit --item gen-cert --action reveal --json",
    )
    .action(async (o: Options) => show(io, o));
}

async function show(io: Io, o: Options): Promise<void> {
  const { audit } = await loadConfig(configFile(io, o.config));
  const since = o.since === undefined ? undefined : momentOf("--since", o.since, new Date());
  if (audit.file === undefined) throw problem("audit_off", undefined);
  const { entries, unreadable } = entriesOf(readLog(audit.file, audit.keep));
  const chosen = entries.filter(choosing({ ...o, since, failed: o.failed === true }));
  if (unreadable > 0)
    io.stderr.write(
      `warning: ${unreadable === 1 ? "a line" : `${unreadable} lines`} of ${audit.file} cannot be read: cut off, or not Postern's\n`,
    );
  if (o.json) return sayJson(io, chosen);
  if (chosen.length === 0)
    return say(io, entries.length === 0 ? "nothing is recorded yet" : "no use fits; fewer options show more");
  say(io, table([["TIME", "WHO", "ACTION", "ITEM", "ENDPOINT", "ABOUT", "ERROR"], ...chosen.map(rowOf)]));
}

function rowOf({
  at,
  command,
  pid,
  uid,
  key,
  action,
  item,
  endpoint,
  about,
  error,
}: Entry): readonly string[] {
  const who = `${command} (${uid === undefined ? "" : `uid ${uid}, `}pid ${pid}${key === undefined ? "" : `, key ${key}`})`;
  return [at.slice(0, 19).replace("T", " "), who, action, item, endpoint, about, error].map((cell) =>
    // Whoever can write the log must not write to the terminal.
    (cell ?? "").replaceAll(/\p{Cc}/gu, "?"),
  );
}
