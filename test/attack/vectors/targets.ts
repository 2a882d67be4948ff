import { declined, passes, passesRaw, refused, request, type Vectors } from "../vector.ts";

const invalid = (target: string) => ({
  sends: request(`GET ${target}`),
  comes: [declined("request_target_invalid")],
});
const malformed = (target: string) => ({
  sends: request(`GET ${target}`),
  comes: [refused()],
});
const unknown = (target: string) => ({ sends: request(`GET ${target}`), comes: [declined()] });
const to = (target: string, arrives: string) => ({
  sends: request(`GET ${target}`),
  comes: [passes(`GET ${arrives}`)],
});

/** Targets that would leave the base path, choose another host, or mean two things (RFC 9112 section 3.2). */
export const targets: Vectors = {
  "a dot segment": invalid("/private/v1/../../admin"),
  "a dot segment at the end": invalid("/private/v1/x/.."),
  "a single dot": invalid("/private/v1/./x"),
  "a dot segment in front of an endpoint": invalid("/../private/v1/x"),
  "an encoded dot segment": invalid("/private/v1/%2e%2e/admin"),
  "a half-encoded dot segment": invalid("/private/v1/.%2E/admin"),
  "an encoded slash before a dot segment": invalid("/private/v1/x%2f..%2fadmin"),
  "an encoded backslash before a dot segment": invalid("/private/v1/x%5c..%5cadmin"),
  "a dot segment with a path parameter": invalid("/private/v1/..;/admin"),
  "dots and an encoded semicolon are a name": to("/private/v1/..%3b/admin", "/..%3b/admin"),
  "dots that are encoded twice are not decoded at all": to(
    "/private/v1/%252e%252e/admin",
    "/%252e%252e/admin",
  ),
  "dots that are overlong in UTF-8 stay as they are": to(
    "/private/v1/%c0%ae%c0%ae/admin",
    "/%c0%ae%c0%ae/admin",
  ),
  "a backslash": invalid("/private/v1\\..\\..\\admin"),
  "a backslash for the first slash": malformed("\\evil.test/x"),
  "a slash and a backslash": invalid("/\\evil.test/private/v1/x"),
  "a fragment": invalid("/private/v1/x#y"),
  "a fragment in front of a dot segment": invalid("/private/v1/x#/../admin"),
  "a fragment in the query": invalid("/private/v1/x?a#b"),
  "a NUL": malformed("/private/v1/\0x"),
  "an encoded NUL": invalid("/private/v1/x%00.json"),
  "an encoded line end stays encoded": to(
    "/private/v1/x%0d%0aHost:%20evil.test",
    "/x%0d%0aHost:%20evil.test",
  ),
  "a malformed encoding": invalid("/private/v1/%zz"),
  "a cut-off encoding": invalid("/private/v1/x%2"),
  "a control byte": malformed("/private/v1/\x01x"),
  "a delete byte": malformed("/private/v1/\x7fx"),
  "a Latin-1 byte": malformed("/private/v1/gr\xfc\xdf"),
  "UTF-8 bytes": malformed("/private/v1/\xc3\xbc"),
  "a byte order mark": malformed("/private/v1/\xef\xbb\xbfx"),
  "bytes whose low half is a line end": malformed("/private/v1/\xe5\x98\x8d\xe5\x98\x8ax"),
  "an asterisk": { sends: request("OPTIONS *"), comes: [declined()] },
  "a path without its slash": malformed("private/v1/x"),
  "an authority alone": malformed("evil.test:80"),
  "an absolute target of another host": invalid("http://evil.test/private/v1/x"),
  "an absolute target with our name as user information": invalid("http://localhost@evil.test/private/v1/x"),
  "an absolute target with user information": invalid("http://user:dummy@localhost/private/v1/x"),
  "an absolute target with a backslash": malformed("http://localhost\\.evil.test/private/v1/x"),
  "an absolute target without a host": invalid("http:///private/v1/x"),
  "an absolute target of https": invalid("https://localhost/private/v1/x"),
  "an absolute target of ftp": invalid("ftp://localhost/private/v1/x"),
  "an absolute target of a file": invalid("file:///etc/passwd"),
  "an absolute target with a dot segment": invalid("http://localhost/private/v1/../../x"),
  "a target with a scheme inside": to("/private/v1/http://evil.test/x", "/http:/evil.test/x"),
  "an absolute target of our own": to("http://localhost/private/v1/x?y", "/x?y"),
  "two slashes and a host": unknown("//evil.test/private/v1/x"),
  "many slashes": to("///private//v1///x", "/x"),
  "an endpoint that is not there": {
    sends: request("GET /nosuch/v1/x"),
    comes: [declined("endpoint_unknown")],
  },
  "an endpoint's name in another case": {
    sends: request("GET /PRIVATE/v1/x"),
    comes: [declined("endpoint_unknown")],
  },
  "an endpoint's name, encoded": unknown("/%70rivate/v1/x"),
  "the name of a property that all objects have": unknown("/__proto__/v1/x"),
  "the name of a method that all objects have": unknown("/constructor/v1/x"),
  "an encoded slash in a model's name stays as it is": to("/private/v1/models/a%2Fb", "/models/a%2Fb"),
  "three dots are a name": to("/private/v1/.../x", "/.../x"),
  "dots in the query stay there": to("/private/v1/x?../../y", "/x?../../y"),
  "a host in the query stays there": to("/private/v1/x?//evil.test", "/x?//evil.test"),
  "a target of 30 kB": to(`/private/v1/${"a".repeat(30_000)}`, `/${"a".repeat(30_000)}`),
  "a target of 100 kB": malformed(`/private/v1/${"a".repeat(100_000)}`),
  "a raw path leaves the base, and not the origin": {
    sends: request("GET /private/raw/health"),
    comes: [passesRaw("GET /health")],
  },
  "a raw path of two slashes and a host": {
    sends: request("GET /private/raw//evil.test/x"),
    comes: [passesRaw("GET /evil.test/x")],
  },
  "a raw path with a dot segment": invalid("/private/raw/../x"),
};
