import { randomBytes } from "node:crypto";
import { isAbsolute } from "node:path";
import { formatDuration, parseDuration } from "../../config/quantities.ts";
import { problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Draft, Item } from "../item.ts";
import { factsOfSource, shortestTtlMs, sourceOf } from "../tokens/token-source.ts";
import type { Field, Input, Kind } from "./kind.ts";
import { givenFact, givenToken, refused, secretOf } from "./value.ts";

const sourceFields: readonly Field[] = [
  {
    name: "source-file",
    label: "File with the token",
    secret: false,
    required: false,
    instead: true,
    path: true,
    help: "a file that holds the token and is read again whenever it changes, in place of the value",
  },
  {
    name: "source-command",
    label: "Command that prints the token",
    secret: false,
    required: false,
    instead: true,
    help: "a command that prints the token, for /bin/sh -c, in place of the value; needs --ttl",
  },
  {
    name: "ttl",
    label: "Time to live",
    secret: false,
    required: false,
    help: "how long a token from a source may be used, such as 5m",
  },
];

const tokenDraft = (value: Secret): Draft => ({ facts: {}, secrets: { value } });

const randomToken = (): Draft => tokenDraft(new Secret(randomBytes(32).toString("base64url")));

/** What the kinds share whose items are a token: a value, or a source that one comes from. */
export const token = (value: Pick<Field, "label" | "help">) =>
  ({
    fields: [{ name: "value", secret: true, required: true, ...value }, ...sourceFields],
    accept: async (input) => givenSource(input) ?? tokenDraft(givenToken(input, "value")),
    recheck: (item) => {
      if (sourceOf(item) === undefined) givenToken(item, "value");
    },
    reveal: tokenOf,
    download: (item) => ({
      fileName: `${item.name}.txt`,
      content: new Secret(`${tokenOf(item).expose()}\n`),
    }),
    // RFC 6750 §2.1
    attach: (item) => ({
      header: { name: "authorization", value: new Secret(`Bearer ${tokenOf(item).expose()}`) },
    }),
  }) satisfies Partial<Kind>;

/** What those share whose items can be made here: 256 bits, URL-safe. */
export const newToken = (title: string) =>
  ({
    generate: async () => randomToken(),
    madeHere: (item) => sourceOf(item) === undefined,
    regenerate: async (item) => {
      // A new one is made where its source is.
      if (sourceOf(item) !== undefined) throw problem("item_not_generated", { name: item.name, title });
      return randomToken();
    },
  }) satisfies Partial<Kind>;

/** Throws `credential_unavailable` where the item's source has given none. */
function tokenOf(item: Item): Secret {
  if (sourceOf(item) !== undefined && item.secrets["value"] === undefined)
    throw problem("credential_unavailable", {
      item: item.name,
      reason: item.live?.fault ?? "its source was not asked yet",
    });
  return secretOf(item, "value");
}

type Complaint = (field: string, reason: string, fix: string) => Error;

/** The draft of an item that names a source; undefined where none is named. */
function givenSource(input: Input): Draft | undefined {
  const file = givenFact(input, "source-file");
  const command = givenFact(input, "source-command");
  const ttl = givenFact(input, "ttl");
  const wrong: Complaint = (field, reason, fix) => refused(input.name, reason, fix, field);
  const read = ttl === undefined ? undefined : parseDuration(ttl);
  if (read !== undefined && !("value" in read)) throw wrong("ttl", `--ttl: ${read.wrong}`, read.wayOut);
  const ttlMs = read?.value;
  if (ttlMs !== undefined && ttlMs < shortestTtlMs)
    throw wrong(
      "ttl",
      `--ttl: ${ttl} is too short`,
      `give at least ${formatDuration(shortestTtlMs)}, and less than the token lives`,
    );
  if (file !== undefined && command !== undefined)
    throw wrong(
      "source-file",
      "a file and a command are given as its source",
      "give --source-file or --source-command",
    );
  if (file !== undefined) {
    if (!isAbsolute(file))
      throw wrong(
        "source-file",
        "the path of its source is relative",
        "give the whole path, beginning with /",
      );
    return { facts: factsOfSource({ file: plain("source-file", file, wrong), ttlMs }), secrets: {} };
  }
  if (command !== undefined) {
    if (ttlMs === undefined)
      throw wrong(
        "ttl",
        "nothing says how long the command's token may be used",
        "say it with --ttl, such as --ttl 5m",
      );
    return { facts: factsOfSource({ command: plain("source-command", command, wrong), ttlMs }), secrets: {} };
  }
  if (ttlMs === undefined) return undefined;
  throw wrong(
    "ttl",
    "--ttl goes with a source",
    "give --source-file or --source-command too, or leave it out",
  );
}

/** Lists show it, so nothing in it may steer a terminal. */
function plain(field: string, text: string, wrong: Complaint): string {
  if (/\p{Cc}/u.test(text))
    throw wrong(
      field,
      "its source has a line break or another control character in it",
      "put it into a script",
    );
  return text;
}
