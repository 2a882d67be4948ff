import { createHash } from "node:crypto";
import { z } from "zod";
import { problem } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Identity } from "../identity/identity.ts";
import type { Item } from "../item.ts";
import { jsonIn } from "./json.ts";
import { macFits, macOf, newKey } from "./mac.ts";
import { type Keyed, type Recipient, recipientPattern, trustOf } from "../identity/recipients.ts";
import { StoredItem, stored, unstored } from "./stored-item.ts";

/** What a vault holds, in one of its generations. docs/vault-format.md describes how it is written. */
export interface Content extends Keyed {
  /** A UUID that stays the same over all generations. */
  readonly vault: string;
  /** 1 for a new vault; each change adds 1. */
  readonly generation: number;
  /** The hash of the generation before this one; null for the first. */
  readonly previous: string | null;
  /** What the content is authenticated with. It changes when somebody is no longer to know it. */
  readonly key: Secret;
  /** What the mark is authenticated with; it stays, so that a mark outlives a change of the key. */
  readonly markKey: Secret;
  readonly recipients: readonly Recipient[];
  readonly items: readonly Item[];
}

const format = "postern-vault";
const version = 2;
const newline = 0x0a;

const hex = z.string().regex(/^[0-9a-f]{64}$/, "not 64 hexadecimal digits");
const Header = z.discriminatedUnion("version", [
  z.strictObject({ format: z.literal(format), version: z.literal(2), key: hex, mac: hex }),
  // As it was written before a vault could have several recipients.
  z.strictObject({ format: z.literal(format), version: z.literal(1), mac: hex }),
]);
/** The first line of a later version, of which nothing else is known. Only a number: anybody can have written it. */
const Version = z.object({ format: z.literal(format), version: z.int().gt(version) });

const isDistinct = (names: readonly string[]): boolean => new Set(names).size === names.length;
const StoredRecipient = z.strictObject({
  name: z.string().min(1).max(64),
  recipient: z.string().regex(recipientPattern, "not an age recipient"),
  trust: hex.optional(),
});
const v1 = {
  vault: z.uuid(),
  generation: z.int().min(1),
  previous: hex.nullable(),
  items: z
    .array(StoredItem)
    .refine((items) => isDistinct(items.map(({ name }) => name)), "two items have the same name"),
};
const BodyV1 = z.strictObject(v1);
const Body = z.strictObject({
  ...v1,
  markKey: hex,
  keyed: z.int().min(1),
  recipients: z
    .array(StoredRecipient)
    .min(1)
    .refine(
      (all) => isDistinct(all.map(({ recipient }) => recipient)),
      "two recipients have the same public key",
    ),
});

/** The payload to be sealed, and the hash by which the next generation and the mark refer to it. */
export function formatContent(content: Content): { payload: Uint8Array; hash: string } {
  const { vault, generation, previous, keyed, key, markKey, recipients } = content;
  const items = content.items.map(stored);
  const written = { vault, generation, previous, keyed, markKey: markKey.expose(), recipients, items };
  const text = JSON.stringify(written, null, 2);
  // What could not be read back must not take the place of what can.
  const readable = Body.safeParse(JSON.parse(text));
  if (!readable.success) throw problem("internal", { reason: firstOf(readable.error) });
  const body = Buffer.from(`${text}\n`);
  const header = JSON.stringify({ format, version, key: key.expose(), mac: macOf(key, "content", body) });
  return { payload: Buffer.concat([Buffer.from(`${header}\n`), body]), hash: hashOf(body) };
}

/** A payload that was read. */
interface Parsed {
  readonly content: Content;
  readonly hash: string;
  /** Whether the identity has vouched for its key. */
  readonly confirmed: boolean;
  /** What the mark beside this generation is authenticated with. */
  readonly markedWith: Secret;
}

/**
 * Reads an opened payload; `file` is the vault's name for messages. Throws `vault_forged` unless the identity vouches
 * for its content, `vault_unconfirmed` where it has not done so yet (unless `confirming`), `vault_version` for a version
 * of later days, `vault_content_invalid` for anything unknown or missing.
 */
export function parseContent(
  payload: Uint8Array,
  identity: Identity,
  file: string,
  confirming = false,
): Parsed {
  const end = payload.indexOf(newline);
  const line = Buffer.from(payload.subarray(0, end === -1 ? payload.length : end)).toString("utf8");
  const body = payload.subarray(end === -1 ? payload.length : end + 1);
  const forged = (reason: string): Error => problem("vault_forged", { file, reason });
  const header = Header.safeParse(jsonIn(line));
  if (!header.success) {
    const later = Version.safeParse(jsonIn(line));
    if (later.success) throw problem("vault_version", { file, version: String(later.data.version) });
    throw forged("its first line is not the one that Postern writes");
  }
  const hash = hashOf(body);
  if (header.data.version === 1) {
    if (!macFits(header.data.mac, identity.key, "contentV1", body))
      throw forged("its content does not match its MAC");
    const { items, ...read } = parsed(BodyV1, body, file);
    // Keys and recipients that the next change writes down.
    const keys = { keyed: 1, key: newKey(), markKey: newKey() };
    const recipients = [{ name: "owner", recipient: identity.recipient }];
    const content = { ...read, ...keys, recipients, items: items.map(unstored) };
    return { content, hash, confirmed: true, markedWith: identity.key };
  }
  const key = new Secret(header.data.key);
  if (!macFits(header.data.mac, key, "content", body)) throw forged("its content does not match its MAC");
  const read = parsed(Body, body, file);
  const recipients = read.recipients.map(({ trust, ...one }) => ({
    ...one,
    ...(trust !== undefined && { trust }),
  }));
  const own = recipients.find(({ recipient }) => recipient === identity.recipient);
  if (own === undefined) throw forged("its content does not name the identity among its recipients");
  const trust = trustOf(own, identity, { ...read, key });
  if (trust === "broken") throw forged("the identity has confirmed another key");
  if (trust === "missing" && !confirming) throw problem("vault_unconfirmed", { file });
  const markKey = new Secret(read.markKey);
  return {
    content: { ...read, key, markKey, recipients, items: read.items.map(unstored) },
    hash,
    confirmed: trust === "confirmed",
    markedWith: markKey,
  };
}

function parsed<T>(schema: z.ZodType<T>, body: Uint8Array, file: string): T {
  const read = schema.safeParse(jsonIn(Buffer.from(body).toString("utf8")));
  if (!read.success) throw problem("vault_content_invalid", { file, reason: firstOf(read.error) });
  return read.data;
}

const hashOf = (body: Uint8Array): string => createHash("sha256").update(body).digest("hex");

/** Where the first problem is, and what: never the value itself. */
export function firstOf(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined || issue.path.length === 0) return issue?.message.toLowerCase() ?? "it is not JSON";
  return `${issue.path.join(".")}: ${issue.message.replace(/^[A-Z]/, (letter) => letter.toLowerCase())}`;
}
