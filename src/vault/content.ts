import { createHash } from "node:crypto";
import { z } from "zod";
import { problem } from "../errors.ts";
import { Secret } from "../secret.ts";
import { type Item, itemName, kindNames } from "./item.ts";
import { macFits, macOf } from "./mac.ts";

/** What a vault holds, in one of its generations. docs/vault-format.md describes how it is written. */
export interface Content {
  /** A UUID that stays the same over all generations. */
  readonly vault: string;
  /** 1 for a new vault; each change adds 1. */
  readonly generation: number;
  /** The hash of the generation before this one; null for the first. */
  readonly previous: string | null;
  readonly items: readonly Item[];
}

const format = "postern-vault";
const version = 1;
const newline = 0x0a;

const mac = z.string().regex(/^[0-9a-f]{64}$/);
const Header = z.strictObject({ format: z.literal(format), version: z.literal(version), mac });
/** The first line of a later version, of which nothing else is known. Only a number: anybody can have written it. */
const Version = z.object({ format: z.literal(format), version: z.int().gt(version) });

const fields = z.record(z.string().regex(/^[a-z][A-Za-z0-9]*$/, "not a field's name"), z.string());
const date = z.iso
  .datetime("not a time in UTC, such as 2026-01-31T12:00:00.000Z")
  .transform((text) => new Date(text));
const StoredItem = z.strictObject({
  name: z.string().regex(itemName, "not an item's name"),
  kind: z.enum(kindNames, `not one of the kinds ${kindNames.join(", ")}`),
  created: date,
  changed: date,
  expires: date.optional(),
  facts: fields,
  secrets: fields,
});
const Body = z.strictObject({
  vault: z.uuid(),
  generation: z.int().min(1),
  previous: mac.nullable(),
  items: z
    .array(StoredItem)
    .refine(
      (items) => new Set(items.map(({ name }) => name)).size === items.length,
      "two items have the same name",
    ),
});

/** The payload to be sealed, and the hash by which the next generation and the mark refer to it. */
export function formatContent(content: Content, identityKey: Secret): { payload: Uint8Array; hash: string } {
  const items = content.items.map(({ name, kind, created, changed, expires, facts, secrets }) => ({
    name,
    kind,
    created,
    changed,
    ...(expires !== undefined && { expires }),
    facts,
    secrets: Object.fromEntries(Object.entries(secrets).map(([field, secret]) => [field, secret.expose()])),
  }));
  const { vault, generation, previous } = content;
  const body = Buffer.from(`${JSON.stringify({ vault, generation, previous, items }, null, 2)}\n`);
  const header = JSON.stringify({ format, version, mac: macOf(identityKey, "content", body) });
  return { payload: Buffer.concat([Buffer.from(`${header}\n`), body]), hash: hashOf(body) };
}

/**
 * Reads an opened payload; `file` is the vault's name for messages. Throws `vault_forged` unless its MAC is the
 * identity's own, `vault_version` for a version of later days, `vault_content_invalid` for anything unknown or missing.
 */
export function parseContent(
  payload: Uint8Array,
  identityKey: Secret,
  file: string,
): { content: Content; hash: string } {
  const end = payload.indexOf(newline);
  const line = Buffer.from(payload.subarray(0, end === -1 ? payload.length : end)).toString("utf8");
  const body = payload.subarray(end === -1 ? payload.length : end + 1);
  const header = Header.safeParse(jsonIn(line));
  if (!header.success) {
    const later = Version.safeParse(jsonIn(line));
    if (later.success) throw problem("vault_version", { file, version: String(later.data.version) });
    throw problem("vault_forged", { file, reason: "its first line is not the one that Postern writes" });
  }
  if (!macFits(header.data.mac, identityKey, "content", body))
    throw problem("vault_forged", { file, reason: "its content does not match its MAC" });
  const read = Body.safeParse(jsonIn(Buffer.from(body).toString("utf8")));
  if (!read.success) throw problem("vault_content_invalid", { file, reason: firstOf(read.error) });
  const items = read.data.items.map(({ secrets, expires, ...item }) => ({
    ...item,
    ...(expires !== undefined && { expires }),
    secrets: Object.fromEntries(Object.entries(secrets).map(([field, value]) => [field, new Secret(value)])),
  }));
  return { content: { ...read.data, items }, hash: hashOf(body) };
}

const hashOf = (body: Uint8Array): string => createHash("sha256").update(body).digest("hex");

/** Undefined, which fits no schema, where the text is not JSON: a parser's own message would quote the text. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Where the first problem is, and what: never the value itself. */
function firstOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined || issue.path.length === 0) return issue?.message.toLowerCase() ?? "it is not JSON";
  return `${issue.path.join(".")}: ${issue.message.replace(/^[A-Z]/, (letter) => letter.toLowerCase())}`;
}
