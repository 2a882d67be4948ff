import { createHash } from "node:crypto";
import type { EndpointConfig } from "../../config/config.ts";
import { type PosternError, problem } from "../../errors.ts";
import type { Secret } from "../../secret.ts";
import type { Item, Live } from "../../vault/item.ts";
import { kinds } from "../../vault/kinds/index.ts";
import { pair } from "../../vault/pairing.ts";
import { dashed } from "../header-name.ts";

/** A TLS client identity; `certificate` is the leaf and then its chain, in PEM. */
interface Identity {
  readonly item: string;
  readonly certificate: string;
  readonly key: Secret;
  readonly expires: Date;
}

/** What an endpoint's items add to each of its requests, bound to its origin. */
export interface Attachment {
  /** The only origin that this may be sent to. */
  readonly origin: string;
  readonly headers: readonly { readonly name: string; readonly value: Secret }[];
  /** Of the headers, as `dashed` writes them. */
  readonly names: ReadonlySet<string>;
  readonly identity: Identity | undefined;
  /** What keeps items fresh whose value comes from a source, with their names; mostly none. */
  readonly live: readonly { readonly item: string; readonly live: Live }[];
  /** Changes whenever one of the items does: connections made under another version are not reused. */
  readonly version: string;
}

/**
 * Compiles an endpoint's items once, so that a request only copies the result.
 * Throws the PosternError that every request of this endpoint is to be answered with when a credential is missing,
 * does not fit or cannot be used: without its credentials, nothing is sent.
 */
export function attachmentOf(
  endpoint: EndpointConfig,
  find: (name: string) => Item | undefined,
  now: Date,
): Attachment {
  const finding = pair(endpoint, find, now).find(({ level }) => level === "problem");
  if (finding !== undefined) throw finding.error;
  const headers: { name: string; value: Secret }[] = [];
  const live: { item: string; live: Live }[] = [];
  /** An item's value can be the same under another definition, of which somebody else keeps it fresh. */
  const definitions: string[] = [];
  let identity: Identity | undefined;
  for (const name of endpoint.credentials) {
    const item = find(name);
    const attachable = item === undefined ? undefined : kinds[item.kind].attach?.(item);
    if (item === undefined || attachable === undefined)
      throw problem("credential_missing", { endpoint: endpoint.name, item: name });
    if ("header" in attachable) headers.push(attachable.header);
    else identity = { item: name, ...attachable.identity };
    if (item.live === undefined) continue;
    live.push({ item: name, live: item.live });
    definitions.push(name, item.changed.toISOString());
  }
  const version = versionOf(headers, identity, definitions);
  const names = new Set(headers.map(({ name }) => dashed(name)));
  return { origin: endpoint.origin, headers, names, identity, live, version };
}

/** A digest of all that is attached: dates can repeat, and names say nothing of the content. */
function versionOf(
  headers: Attachment["headers"],
  identity: Identity | undefined,
  definitions: readonly string[],
): string {
  const parts = [
    definitions,
    headers.map(({ name, value }) => [name, value.expose()]),
    identity === undefined ? null : [identity.certificate, identity.key.expose()],
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The error for a credential that has expired or lapsed since it was compiled, if one has. */
export function expiredSince(
  { identity, live }: Attachment,
  endpoint: string,
  nowMs: number,
): PosternError | undefined {
  if (identity !== undefined && identity.expires.getTime() <= nowMs)
    return problem("credential_expired", {
      endpoint,
      item: identity.item,
      expired: identity.expires.toISOString(),
    });
  for (const {
    item,
    live: { untilMs, fault },
  } of live)
    if (untilMs <= nowMs)
      return problem("credential_unavailable", { item, reason: fault ?? "its time to live is over" });
  return undefined;
}
