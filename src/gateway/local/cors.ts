import type { IncomingRequest } from "./incoming-request.ts";
import { fieldTokens, fieldValues } from "../message.ts";

// Pages of origins that the configuration names may call the gateway; the protocol is the Fetch standard's
// (https://fetch.spec.whatwg.org/#http-cors-protocol).

/** How long a browser may keep what a preflight was answered, in seconds. */
const maxAgeSeconds = 600;

/** What a page's script may read beside our own headers: what the SDKs look for. */
const exposed = ["x-request-id", "retry-after", "retry-after-ms", "x-should-retry"];

const varying = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/** Whether a request asks what a page may send, and nothing else. */
export const isPreflight = ({ method, rawHeaders }: IncomingRequest): boolean =>
  method === "OPTIONS" && fieldValues(rawHeaders, "access-control-request-method").length > 0;

/** The headers of the answer to a preflight of an origin that is allowed: it may send what it asks for. */
export function permission({ rawHeaders }: IncomingRequest, origin: string): string[] {
  const [method = ""] = fieldValues(rawHeaders, "access-control-request-method");
  const asked = fieldTokens(rawHeaders, "access-control-request-headers");
  const [privately] = fieldValues(rawHeaders, "access-control-request-private-network");
  const isToken = (text: string): boolean => /^[\w!#$%&'*+.^`|~-]+$/.test(text);
  const headers = ["Access-Control-Allow-Origin", origin, "Vary", varying];
  headers.push("Access-Control-Max-Age", String(maxAgeSeconds));
  if (isToken(method)) headers.push("Access-Control-Allow-Methods", method);
  if (asked.length > 0) headers.push("Access-Control-Allow-Headers", asked.filter(isToken).join(", "));
  if (privately === "true") headers.push("Access-Control-Allow-Private-Network", "true");
  return headers;
}

/** Lets a page of this origin read an answer. What the endpoint itself says of other origins gives way to it. */
export function readableBy(origin: string): (headers: readonly string[]) => string[] {
  return (headers) => {
    const kept: string[] = [];
    const names: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i] ?? "";
      if (/^access-control-/i.test(name)) continue;
      if (/^x-postern-/i.test(name)) names.push(name.toLowerCase());
      kept.push(name, headers[i + 1] ?? "");
    }
    const readable = [...exposed, ...names].join(", ");
    kept.push("Access-Control-Allow-Origin", origin, "Access-Control-Expose-Headers", readable);
    kept.push("Vary", "Origin");
    return kept;
  };
}
