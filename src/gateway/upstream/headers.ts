import type { Attachment } from "./attach.ts";
import { dashed, lowerCased } from "../header-name.ts";
import { fieldTokens } from "../message.ts";
import type { ResponseHead } from "./response-reader.ts";

/** Headers that belong to one connection (RFC 9110 §7.6.1), and `Expect`, which this side answers itself. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "te",
  "transfer-encoding",
  "upgrade",
]);
const requestOnly = new Set(["trailer", "expect", "content-length", "host", "http2-settings"]);

/**
 * Headers in which clients carry credentials. What a local program sends in them is a dummy, or meant for somebody
 * else; the endpoint gets its credentials from the vault alone.
 */
const credentials = new Set([
  "authorization",
  "proxy-authorization",
  "api-key",
  "x-api-key",
  "x-goog-api-key",
  "ocp-apim-subscription-key",
  "cookie",
]);

/** What no request takes along. */
const dropped = new Set([...hopByHop, ...requestOnly, ...credentials]);

/** The headers that belong to one connection because it says so. A set: a head has room for tens of thousands of each. */
function namedByConnection(rawHeaders: readonly string[]): ReadonlySet<string> {
  const names = fieldTokens(rawHeaders, "connection");
  // Nearly always it names what is one of them anyway.
  return names.every((name) => hopByHop.has(name)) ? hopByHop : new Set(names);
}

/** The headers of the request to the endpoint, without those that frame its body: names and values in turn. */
export function requestHeaders(
  rawHeaders: readonly string[],
  host: string,
  attachment: Attachment,
): string[] {
  // First what Connection names, then what we attach: a client could name Authorization there (CVE-2026-33805).
  const named = namedByConnection(rawHeaders);
  const headers = ["Host", host];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const original = rawHeaders[i] ?? "";
    const alike = dashed(original);
    if (dropped.has(alike) || attachment.names.has(alike)) continue;
    if (named.has(lowerCased(original))) continue;
    const value = rawHeaders[i + 1] ?? "";
    const kept = alike === "sec-websocket-protocol" ? withoutKeys(value) : value;
    if (kept !== "" || value === "") headers.push(original, kept);
  }
  for (const { name, value } of attachment.headers) headers.push(name, value.expose());
  return headers;
}

/** Browsers have no other place for an API key when they open a WebSocket than among the protocols that they offer. */
const withoutKeys = (protocols: string): string =>
  protocols.includes("openai-insecure-api-key.")
    ? protocols
        .split(",")
        .filter((protocol) => !protocol.trimStart().startsWith("openai-insecure-api-key."))
        .join(",")
        .trim()
    : protocols;

const trailer = new Set(["trailer"]);
const trailerAndLength = new Set(["trailer", "content-length"]);

/**
 * The endpoint's headers for the local client: all that are not of one connection, as they came. Answers that can have no
 * body tell no length (RFC 9110 §8.6): there are clients that would wait for so many bytes.
 *
 * @param trailers whether trailers can follow; without them, `Trailer` would announce what never comes
 */
export function responseHeaders(
  { status, rawHeaders }: Pick<ResponseHead, "status" | "rawHeaders">,
  trailers: boolean,
): string[] {
  if (status < 200 || status === 204) return endToEnd(rawHeaders, trailerAndLength);
  return endToEnd(rawHeaders, trailers ? hopByHop : trailer);
}

function endToEnd(rawHeaders: readonly string[], without: ReadonlySet<string>): string[] {
  const named = namedByConnection(rawHeaders);
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const original = rawHeaders[i] ?? "";
    const name = lowerCased(original);
    if (hopByHop.has(name) || named.has(name) || without.has(name)) continue;
    headers.push(original, rawHeaders[i + 1] ?? "");
  }
  return headers;
}

/** The endpoint's trailers for the local client, without those that could be taken for framing (RFC 9110 §6.5.1). */
export function trailerFields(rawTrailers: readonly string[]): [string, string][] {
  const kept = endToEnd(rawTrailers, trailerAndLength);
  const pairs: [string, string][] = [];
  for (let i = 0; i < kept.length; i += 2) pairs.push([kept[i] ?? "", kept[i + 1] ?? ""]);
  return pairs;
}
