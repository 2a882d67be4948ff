import { declined, get, hidden, passes, post, refused, type Vectors } from "../vector.ts";

const malformed = (...headers: readonly string[]) => ({
  sends: get(...headers),
  comes: [refused()],
});
const harmless = (...headers: readonly string[]) => ({
  sends: get(...headers),
  comes: [passes("GET /first")],
});
const fromPage = (header: string) => ({ sends: get(header), comes: [declined("origin_not_allowed")] });

/** Names and values of headers (RFC 9110 section 5), hop-by-hop headers, and the client's own credentials. */
export const headerTricks: Vectors = {
  "a name with a space": malformed("X A: b"),
  "a name with a NUL": malformed("X\0A: b"),
  "a name with a control byte": malformed("X\x01A: b"),
  "a name with a Latin-1 byte": malformed("X\xfc: b"),
  "a name with a quote": malformed('X"A: b'),
  "a name in brackets": malformed("[X]: b"),
  "a name with a slash": malformed("X/A: b"),
  "an empty name": malformed(": b"),
  "a line without a colon": malformed("nonsense"),
  "a value with a NUL": malformed("X-A: b\0c"),
  "a value with a bare carriage return": malformed("X-A: b\rAuthorization: dummy"),
  "a value with a bare line feed": malformed("X-A: b\nAuthorization: dummy"),
  "a value with an escape byte": malformed("X-A: \x1b[31m"),
  "a value with a delete byte": malformed("X-A: b\x7f"),
  "a folded value": malformed("X-A: b", " c"),
  "a folded credential": malformed("Authorization:", " Bearer dummy"),
  "a folded first line": malformed(" Authorization: Bearer dummy"),
  "a header of 100 kB": malformed(`X-A: ${"b".repeat(100_000)}`),
  "a name of 100 kB": malformed(`${"X".repeat(100_000)}: b`),
  "headers of 100 kB together": malformed(
    ...Array.from({ length: 100 }, (_, i) => `X-${i}: ${"b".repeat(1_000)}`),
  ),
  "257 headers": {
    sends: get(...Array.from({ length: 256 }, (_, i) => `X-${i}: b`)),
    comes: [declined("request_headers_invalid")],
  },
  "5,000 headers": malformed(...Array.from({ length: 5_000 }, (_, i) => `X-${i}: b`)),
  "a credential behind more headers than are counted": malformed(
    ...Array.from({ length: 2_500 }, (_, i) => `X-${i}: b`),
    "Authorization: Bearer dummy",
  ),
  "256 headers": harmless(...Array.from({ length: 255 }, (_, i) => `X-${i}: b`)),
  "a header of 30 kB": harmless(`X-A: ${"b".repeat(30_000)}`),
  "Connection names our credential": harmless("Connection: authorization, keep-alive"),
  "Connection names it in odd case": harmless("Connection: AuThOrIzAtIoN"),
  "Connection names it among white space and commas": harmless("Connection: ,, \t authorization\t ,"),
  "Connection names Host": harmless("Connection: Host"),
  "Connection names the credential in a second line": harmless("Connection: x", "Connection: authorization"),
  "Connection names what frames nothing": harmless("Connection: content-length, transfer-encoding"),
  "Connection in quotes": harmless('Connection: "authorization"'),
  "Proxy-Connection names our credential": harmless("Proxy-Connection: authorization"),
  "two credentials": harmless("Authorization: Bearer dummy", "Authorization: Bearer dummy2"),
  "two credentials in odd case": harmless("AUTHORIZATION: dummy", "authorization: dummy"),
  "an underscore in a credential's name": harmless(
    "x_api_key: dummy",
    "API_KEY: dummy",
    "proxy_authorization: dummy",
  ),
  "every header that clients carry credentials in": harmless(
    "Authorization: Bearer dummy",
    "Proxy-Authorization: Basic dummy",
    "api-key: dummy",
    "x-api-key: dummy",
    "x-goog-api-key: dummy",
    "Ocp-Apim-Subscription-Key: dummy",
    "Cookie: a=dummy",
  ),
  "cookies in two lines": harmless("Cookie: a=dummy", "Cookie: b=dummy"),
  "an empty credential": harmless("Authorization:"),
  "hop-by-hop headers": harmless(
    "Keep-Alive: 5",
    "TE: trailers",
    "Trailer: X-A",
    "Proxy-Connection: keep-alive",
  ),
  "a Host of another kind": harmless("Hostx: evil.test", "X-Host: evil.test"),
  "a foreign Origin": fromPage("Origin: https://evil.test"),
  "an opaque Origin": fromPage("Origin: null"),
  "an Origin that begins like ours": fromPage("Origin: http://localhost.evil.test"),
  "an Origin of another scheme": fromPage("Origin: https://localhost"),
  "two Origins, ours first": {
    sends: get("Origin: http://localhost", "Origin: https://evil.test"),
    comes: [declined("origin_not_allowed")],
  },
  "a page of another site": fromPage("Sec-Fetch-Site: cross-site"),
  "a page of the same site": fromPage("Sec-Fetch-Site: same-site"),
  "a page's form": {
    sends: post(["Origin: https://evil.test", "Content-Type: text/plain", "Content-Length: 2"], "{}"),
    comes: [declined("origin_not_allowed")],
  },
  "a page's form whose body looks like a request": {
    sends: post(["Origin: https://evil.test", `Content-Length: ${hidden.length}`], hidden),
    comes: [declined("origin_not_allowed")],
  },
};
