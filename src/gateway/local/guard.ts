import { problem } from "../../errors.ts";
import { type IncomingRequest, asksForWebSocket, headerOf } from "./incoming-request.ts";
import { limits } from "../limits.ts";
import { authorityOf } from "../target.ts";
import { fieldTokens, fieldValues } from "../message.ts";

/** Where a request came in. */
export interface Place {
  /** There, names have no meaning. */
  readonly unixSocket: boolean;
  /** The address that it reached, where other machines can reach that too; an IPv6 one in brackets. */
  readonly address?: string;
}

/** What a listener lets in beside programs that call it by a local name. */
export interface Welcome {
  /** `name` or `name:port`, lower case. */
  readonly hosts: ReadonlySet<string>;
  /** Origins of web pages, lower case. */
  readonly origins: ReadonlySet<string>;
}

const nothing: Welcome = { hosts: new Set(), origins: new Set() };

const localName = /^(?:localhost|\[::1\]|127(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?$/i;
const port = /:[0-9]{1,5}$/;

/**
 * Refuses requests that no program of this machine sends: those for another name (DNS rebinding), those from web
 * pages, and those whose head two parsers could read in two ways. Every listener of ours asks it first.
 *
 * @param welcome exceptions that the configuration makes; the admin listener has none
 * @throws PosternError method_not_allowed, expectation_unknown, host_not_allowed, origin_not_allowed,
 * content_type_not_allowed, request_headers_invalid, request_target_invalid
 */
export function guard(incoming: IncomingRequest, place: Place, welcome = nothing): void {
  const { method, target, version, rawHeaders } = incoming;
  // Its answer repeats the request, with the credentials that were attached to it (RFC 9110 §9.3.8).
  if (method === "TRACE") throw problem("method_not_allowed", { method: "TRACE" });
  if (rawHeaders.length / 2 > limits.requestHeaders)
    throw problem("request_headers_invalid", { reason: `there are more than ${limits.requestHeaders}` });
  const codings = fieldTokens(rawHeaders, "transfer-encoding");
  // Node's parser takes 0.9 and 2.0 on a request line; HTTP/1.0 has no codings (RFC 9112 §6.1).
  if (version !== "1.1" && version !== "1.0")
    throw problem("request_headers_invalid", { reason: "they are not of HTTP/1.1 or HTTP/1.0" });
  if (version === "1.0" && codings.length > 0)
    throw problem("request_headers_invalid", { reason: "HTTP/1.0 has no Transfer-Encoding" });
  const expect = headerOf(incoming, "expect") ?? "";
  if (expect !== "" && expect.toLowerCase() !== "100-continue")
    throw problem("expectation_unknown", { expectation: printable(expect) });
  const hosts = fieldValues(rawHeaders, "host");
  // Node's parser lets two Host headers pass (RFC 9112 §3.2 asks for 400).
  if (hosts.length > 1)
    throw problem("request_headers_invalid", { reason: "Host stands there more than once" });
  const [host = ""] = hosts;
  const authority = authorityOf(target);
  if (authority !== undefined && !isOwn(authority, place, welcome))
    throw problem("request_target_invalid", { reason: "it names another host" });
  if (!place.unixSocket && !isOwn(host, place, welcome))
    throw problem("host_not_allowed", { host: printable(host) });
  refusePages(rawHeaders, host, allowedOrigin(incoming, welcome));
  refuseSimplePosts(incoming);
  if (codings.length > 0 && (codings.length > 1 || codings[0] !== "chunked"))
    throw problem("request_headers_invalid", { reason: "Transfer-Encoding is not exactly chunked" });
  // Behind such a head comes the other protocol, so a body would be read by one side and not by the other.
  if (
    asksForWebSocket(incoming) &&
    (codings.length > 0 || fieldValues(rawHeaders, "content-length").some((length) => length !== "0"))
  )
    throw problem("request_headers_invalid", { reason: "an upgrade cannot have a body" });
}

/** The origin of the page that sent a request, if it is one of those that may. */
export function allowedOrigin({ rawHeaders }: IncomingRequest, { origins }: Welcome): string | undefined {
  if (origins.size === 0) return undefined;
  const [origin, ...others] = fieldValues(rawHeaders, "origin");
  return origin !== undefined && others.length === 0 && origins.has(origin.toLowerCase())
    ? origin
    : undefined;
}

function isOwn(host: string, { address }: Place, { hosts }: Welcome): boolean {
  if (localName.test(host)) return true;
  if (address === undefined && hosts.size === 0) return false;
  const name = host.toLowerCase();
  const bare = name.replace(port, "");
  return hosts.has(name) || hosts.has(bare) || (address !== undefined && bare === address);
}

/** A page of another site can send requests to localhost, but not without these headers (Fetch standard). */
function refusePages(rawHeaders: readonly string[], host: string, allowed: string | undefined): void {
  if (allowed !== undefined) return;
  const [site] = fieldValues(rawHeaders, "sec-fetch-site");
  if (site === "cross-site" || site === "same-site")
    throw problem("origin_not_allowed", { origin: `Sec-Fetch-Site: ${site}` });
  for (const origin of fieldValues(rawHeaders, "origin"))
    if (origin.toLowerCase() !== `http://${host.toLowerCase()}`)
      throw problem("origin_not_allowed", { origin: `Origin: ${printable(origin)}` });
}

/**
 * The second line behind `refusePages`: what a page can send without asking first is text, a form, or a body without a
 * type (Fetch standard, "CORS-safelisted request-header"). Forms with parts stay: audio is uploaded in them.
 */
function refuseSimplePosts(incoming: IncomingRequest): void {
  if (incoming.method === "GET" || incoming.content === undefined) return;
  const types = fieldValues(incoming.rawHeaders, "content-type");
  for (const type of types) {
    const essence = (type.split(";", 1)[0] ?? "").trim().toLowerCase();
    if (essence === "text/plain" || essence === "application/x-www-form-urlencoded")
      throw problem("content_type_not_allowed", { type: essence });
  }
  if (types.length === 0 && incoming.content.length !== 0 && isFromBrowser(incoming))
    throw problem("content_type_not_allowed", { type: "" });
}

const isFromBrowser = (incoming: IncomingRequest): boolean =>
  ["origin", "referer", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].some(
    (name) => headerOf(incoming, name) !== undefined,
  );

/** Text of a client's for an error message: printable ASCII, and not too much of it. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
