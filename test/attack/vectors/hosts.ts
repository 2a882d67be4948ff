import { declined, passes, refused, type Vectors } from "../vector.ts";

const stranger = [declined("host_not_allowed")];
const twice = [declined("request_headers_invalid")];
const malformed = [refused()];
const through = [passes("GET /first")];
const hosts = (...lines: readonly string[]): string =>
  ["GET /private/v1/first HTTP/1.1", ...lines, "", ""].join("\r\n");
const host = (value: string) => ({ sends: hosts(`Host: ${value}`), comes: stranger });

/** Host headers as DNS rebinding, browsers and smugglers bring them (RFC 9112 section 3.2). */
export const hostHeaders: Vectors = {
  "no Host": { sends: hosts(), comes: stranger },
  "no Host under HTTP/1.0": { sends: hosts().replace("1.1", "1.0"), comes: stranger },
  "an empty Host": host(""),
  "a Host of white space": host(" \t "),
  "another name": host("evil.test"),
  "another name at our port": host("evil.test:8080"),
  "a name that begins with localhost": host("localhost.evil.test"),
  "a name that ends with localhost": host("evil-localhost"),
  "a name under localhost": host("evil.localhost"),
  "localhost with a dot behind": host("localhost."),
  "a name that a rebinding service resolves to here": host("127.0.0.1.nip.io"),
  "a rebinding name with dashes": host("7f000001.c0a80001.rbndr.us"),
  "an address with a name behind": host("127.0.0.1.evil.test"),
  "an address of this network": host("192.168.0.1"),
  "the address of all": host("0.0.0.0"),
  "the address of a cloud's metadata": host("169.254.169.254"),
  "an address as one number": host("2130706433"),
  "an address in hexadecimal": host("0x7f000001"),
  "an address in octal": host("0177.0.0.1"),
  "an address with a zero in front": host("127.0.0.01x"),
  "a short address": host("127.1"),
  "the unspecified IPv6 address": host("[::]"),
  "an IPv6 address with a zone": host("[::1%25lo]"),
  "an IPv6 address with a raw zone": host("[::1%lo]"),
  "an IPv4 address in IPv6": host("[::ffff:127.0.0.1]"),
  "an IPv6 address without brackets": host("::1"),
  "user information": host("evil@localhost"),
  "a user name and a password": host("user:dummy@localhost"),
  "our name as user information": host("localhost@evil.test"),
  "a port that is no number": host("localhost:evil"),
  "two ports": host("localhost:80:80"),
  "a port of six digits": host("localhost:123456"),
  "a colon without a port": host("localhost:"),
  "a path": host("localhost/evil.test"),
  "a query": host("localhost?evil.test"),
  "a fragment": host("localhost#evil.test"),
  "a backslash": host("localhost\\evil.test"),
  "a scheme": host("http://localhost"),
  "a list": host("localhost, evil.test"),
  "a space inside": host("localhost evil.test"),
  "a Latin-1 byte": host("l\xf6calhost"),
  "an encoded dot": host("127%2e0.0.1"),
  "a Host of 10 kB": host("a".repeat(10_000)),
  "two Hosts, ours first": { sends: hosts("Host: localhost", "Host: evil.test"), comes: twice },
  "two Hosts, ours last": { sends: hosts("Host: evil.test", "Host: localhost"), comes: twice },
  "two equal Hosts": { sends: hosts("Host: localhost", "host: localhost"), comes: twice },
  "a Host on a folded line": { sends: hosts("Host: localhost", " evil.test"), comes: malformed },
  "a space before the colon": { sends: hosts("Host : localhost"), comes: malformed },
  "a space before the name": { sends: hosts("X-A: b", " Host: localhost"), comes: malformed },
  "a NUL in the value": { sends: hosts("Host: localhost\0.evil.test"), comes: malformed },
  localhost: { sends: hosts("Host: localhost"), comes: through },
  "an IPv6 loopback": { sends: hosts("Host: [::1]:1"), comes: through },
  "names that only other proxies read change nothing": {
    sends: hosts(
      "Host: localhost",
      "X-Forwarded-Host: evil.test",
      "X-Host: evil.test",
      "Forwarded: host=evil.test",
      "X-Original-URL: /admin",
      "X-Rewrite-URL: /admin",
      "X-HTTP-Method-Override: DELETE",
    ),
    comes: through,
  },
};
