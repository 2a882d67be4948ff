import { problem } from "../errors.ts";
import { type Ask, asksForWebSocket } from "./ask.ts";
import { limits } from "./limits.ts";
import { authorityOf } from "./target.ts";
import { fieldTokens, fieldValues } from "./wire.ts";

const localName = /^(?:localhost|\[::1\]|127(?:\.[0-9]{1,3}){3})(?::[0-9]{1,5})?$/i;

/**
 * Refuses requests that no program of this machine sends: those for another name (DNS rebinding), those from web
 * pages, and those whose head two parsers could read in two ways. Every listener of ours asks it first.
 *
 * @param anyHost whether the request came by a Unix socket, where names have no meaning
 * @throws PosternError method_not_allowed, expectation_unknown, host_not_allowed, origin_not_allowed, request_headers_invalid
 */
export function guard(ask: Ask, anyHost: boolean): void {
  const { method, target, version, rawHeaders } = ask;
  // Its answer repeats the request, with the credentials that were attached to it (RFC 9110 §9.3.8).
  if (method === "TRACE") throw problem("method_not_allowed", { method: "TRACE" });
  if (rawHeaders.length / 2 > limits.requestHeaders)
    throw problem("request_headers_invalid", { reason: `there are more than ${limits.requestHeaders}` });
  const codings = fieldTokens(rawHeaders, "transfer-encoding");
  // Node's parser takes 0.9 and 2.0 on a request line; HTTP/1.0 has no codings (RFC 9112 §6.1).
  if (version !== "1.1" && (version !== "1.0" || codings.length > 0))
    throw problem("request_headers_invalid", { reason: "its HTTP version is not one that they fit" });
  const expect = fieldValues(rawHeaders, "expect").join(", ");
  if (expect !== "" && expect.toLowerCase() !== "100-continue")
    throw problem("expectation_unknown", { expectation: printable(expect) });
  const hosts = fieldValues(rawHeaders, "host");
  // Node's parser lets two Host headers pass (RFC 9112 §3.2 asks for 400).
  if (hosts.length > 1)
    throw problem("request_headers_invalid", { reason: "Host stands there more than once" });
  const [host = ""] = hosts;
  const authority = authorityOf(target);
  if (authority !== undefined && !localName.test(authority))
    throw problem("request_target_invalid", { reason: "it names another host" });
  if (!anyHost && !localName.test(host)) throw problem("host_not_allowed", { host: printable(host) });
  refusePages(rawHeaders, host);
  if (codings.length > 0 && (codings.length > 1 || codings[0] !== "chunked"))
    throw problem("request_headers_invalid", { reason: "Transfer-Encoding is not exactly chunked" });
  // Behind such a head comes the other protocol, so a body would be read by one side and not by the other.
  if (
    asksForWebSocket(ask) &&
    (codings.length > 0 || fieldValues(rawHeaders, "content-length").some((length) => length !== "0"))
  )
    throw problem("request_headers_invalid", { reason: "an upgrade cannot have a body" });
}

/** A page of another site can send requests to localhost, but not without these headers (Fetch standard). */
function refusePages(rawHeaders: readonly string[], host: string): void {
  const [site] = fieldValues(rawHeaders, "sec-fetch-site");
  if (site === "cross-site" || site === "same-site")
    throw problem("origin_not_allowed", { origin: `Sec-Fetch-Site: ${site}` });
  for (const origin of fieldValues(rawHeaders, "origin"))
    if (origin.toLowerCase() !== `http://${host.toLowerCase()}`)
      throw problem("origin_not_allowed", { origin: `Origin: ${printable(origin)}` });
}

/** Text of a client's for an error message: printable ASCII, and not too much of it. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
