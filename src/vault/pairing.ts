import { X509Certificate } from "node:crypto";
import type { EndpointConfig } from "../config/config.ts";
import { PosternError, problem } from "../errors.ts";
import { withinOf } from "./renewal/expiry.ts";
import type { Attachable, Item } from "./item.ts";
import { kinds } from "./kinds/index.ts";

/** What is wrong, or soon will be, with an endpoint's credentials. */
export interface Finding {
  /** With a problem the endpoint cannot be called; a warning stops nothing. */
  readonly level: "problem" | "warning";
  readonly endpoint: string;
  readonly item: string;
  /** The code, the message and the way out. */
  readonly error: PosternError;
}

/** Checks whether the vault's items are what an endpoint can use at this time. No finding means that all is well. */
export function pair(
  endpoint: EndpointConfig,
  find: (name: string) => Item | undefined,
  now: Date,
): readonly Finding[] {
  const findings: Finding[] = [];
  const report = (item: string, level: Finding["level"], error: PosternError): void => {
    findings.push({ level, endpoint: endpoint.name, item, error });
  };
  /** Which item takes which place of a request: a header's name, or the TLS identity. */
  const taken = new Map<string, string>();
  for (const name of endpoint.credentials) {
    const item = find(name);
    if (item === undefined) {
      report(name, "problem", problem("credential_missing", { endpoint: endpoint.name, item: name }));
      continue;
    }
    const attachable = attachableOf(endpoint, item, now);
    if (attachable instanceof PosternError) {
      report(name, "problem", attachable);
      continue;
    }
    const place =
      "header" in attachable
        ? `the header ${attachable.header.name.toLowerCase()}`
        : "the client certificate";
    const other = taken.get(place);
    if (other !== undefined)
      report(
        name,
        "problem",
        mismatch(
          endpoint,
          name,
          `"${other}" sets ${place} already`,
          "name only one of the two under credentials:",
        ),
      );
    taken.set(place, name);
    const expiring = expiryWarning(endpoint, item, now);
    if (expiring !== undefined) report(name, "warning", expiring);
  }
  return findings;
}

function mismatch(endpoint: EndpointConfig, item: string, reason: string, fix: string): PosternError {
  return problem("credential_mismatch", { endpoint: endpoint.name, item, reason, fix });
}

/** What the item adds to a request of this endpoint, or why it can add nothing. */
function attachableOf(endpoint: EndpointConfig, item: Item, now: Date): Attachable | PosternError {
  const kind = kinds[item.kind];
  if (kind.attach === undefined || !kind.fits.includes(endpoint.type)) {
    const { reason, fix } = kind.misfit(endpoint.type);
    return mismatch(endpoint, item.name, reason, fix);
  }
  const details = { endpoint: endpoint.name, item: item.name };
  let attachable: Attachable;
  let validFrom: Date | undefined;
  try {
    kind.recheck(item);
    attachable = kind.attach(item);
    if ("identity" in attachable)
      validFrom = new X509Certificate(attachable.identity.certificate).validFromDate;
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    // It needs no replacing, and says itself what it waits for.
    if (error.code === "certificate_waiting" || error.code === "credential_unavailable") return error;
    return problem("credential_unusable", { ...details, reason: error.message }, error);
  }
  // A certificate's own end counts, whatever the item says.
  const expires = "identity" in attachable ? attachable.identity.expires : item.expires;
  if (expires !== undefined && expires <= now)
    return problem("credential_expired", { ...details, expired: expires.toISOString() });
  if (validFrom !== undefined && validFrom > now)
    return problem("credential_unusable", {
      ...details,
      reason: `it is valid only from ${validFrom.toISOString()} on (is this machine's clock right?)`,
    });
  if ("identity" in attachable && endpoint.origin.startsWith("http:"))
    return mismatch(
      endpoint,
      item.name,
      "a client certificate is shown in a TLS handshake, and the endpoint's url: is http:",
      "write https:// in the endpoint's url:, or name another credential",
    );
  return attachable;
}

function expiryWarning(endpoint: EndpointConfig, item: Item, now: Date): PosternError | undefined {
  if (item.expires === undefined) return undefined;
  const within = withinOf(item.expires, now);
  if (within === undefined) return undefined;
  return problem("credential_expiring", {
    endpoint: endpoint.name,
    item: item.name,
    within,
    expires: item.expires.toISOString(),
  });
}
