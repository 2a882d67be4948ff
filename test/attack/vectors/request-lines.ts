import { declined, get, hidden, passes, refused, request, type Vectors } from "../vector.ts";

const malformed = [refused()];
const line = (start: string) => ({ sends: `${start}\r\nHost: localhost\r\n\r\n`, comes: malformed });
const first = "/private/v1/first";

/** The request line (RFC 9112 section 3), versions, and what stands before and between requests. */
export const requestLines: Vectors = {
  "HTTP/0.9": { sends: `GET ${first}\r\n`, comes: malformed },
  "HTTP/0.9 said aloud": line(`GET ${first} HTTP/0.9`),
  "HTTP/1.2": line(`GET ${first} HTTP/1.2`),
  "HTTP/2.0": line(`GET ${first} HTTP/2.0`),
  "the preface of HTTP/2": { sends: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", comes: malformed },
  "HTTP/3.0": line(`GET ${first} HTTP/3.0`),
  "HTTP/01.1": line(`GET ${first} HTTP/01.1`),
  "HTTP/1.10": line(`GET ${first} HTTP/1.10`),
  "HTTP/1,1": line(`GET ${first} HTTP/1,1`),
  "HTTP/ 1.1": line(`GET ${first} HTTP/ 1.1`),
  "http/1.1": line(`GET ${first} http/1.1`),
  "RTSP/1.0, which goes on as HTTP": {
    sends: `GET ${first} RTSP/1.0\r\nHost: localhost\r\n\r\n`,
    comes: [passes("GET /first")],
    closes: true,
  },
  "no target": line("GET HTTP/1.1"),
  "no method": line(` ${first} HTTP/1.1`),
  "a target of a space": line("GET   HTTP/1.1"),
  "two spaces before the target are one": {
    sends: request(`GET  ${first}`),
    comes: [passes("GET /first")],
  },
  "a tab before the target": line(`GET\t${first} HTTP/1.1`),
  "two spaces before the version are one": {
    sends: request(`GET ${first} `),
    comes: [passes("GET /first")],
  },
  "a tab before the version": line(`GET ${first}\tHTTP/1.1`),
  "a space behind the version": line(`GET ${first} HTTP/1.1 `),
  "a request behind the version": line(`GET ${first} HTTP/1.1 GET /private/v1/hidden HTTP/1.1`),
  "a space in the target": line(`GET ${first} /hidden HTTP/1.1`),
  "a bare line feed behind the line": {
    sends: `GET ${first} HTTP/1.1\nHost: localhost\n\n`,
    comes: malformed,
  },
  "a bare carriage return behind the line": {
    sends: `GET ${first} HTTP/1.1\rHost: localhost\r\n\r\n`,
    comes: malformed,
  },
  "a head that ends with a bare line feed": {
    sends: `GET ${first} HTTP/1.1\r\nHost: localhost\r\n\n`,
    comes: malformed,
  },
  "a head that ends with a bare carriage return": {
    sends: `GET ${first} HTTP/1.1\r\nHost: localhost\r\n\rX`,
    comes: malformed,
  },
  "a carriage return more in the head's end": {
    sends: `GET ${first} HTTP/1.1\r\nHost: localhost\r\r\n\r\n`,
    comes: malformed,
  },
  "a space before the method": line(` GET ${first} HTTP/1.1`),
  "a NUL before the method": line(`\0GET ${first} HTTP/1.1`),
  "a byte order mark before the method": line(`\xef\xbb\xbfGET ${first} HTTP/1.1`),
  "a method in lower case": line(`get ${first} HTTP/1.1`),
  "a method that nobody knows": line(`SMUGGLE ${first} HTTP/1.1`),
  "a method with a NUL": line(`GET\0 ${first} HTTP/1.1`),
  "a method of 10 kB": line(`${"G".repeat(10_000)} ${first} HTTP/1.1`),
  "a TLS client's first bytes": { sends: "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", comes: malformed },
  "an SSH client's first bytes": { sends: "SSH-2.0-OpenSSH_9.2\r\n", comes: malformed },
  "a proxy's line before the request": {
    sends: `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${get()}`,
    comes: malformed,
  },
  "an answer": { sends: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", comes: malformed },
  "a head without its end": {
    sends: `GET ${first} HTTP/1.1\r\nHost: localhost\r\n`,
    comes: malformed,
    stops: true,
  },
  "CONNECT, which would make a proxy of us": {
    sends: "CONNECT evil.test:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    comes: [],
    closes: true,
  },
  "CONNECT with a path": {
    sends: `CONNECT ${first} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    comes: [],
    closes: true,
  },
  "TRACE, which would show the credential that we attach": {
    sends: request(`TRACE ${first}`),
    comes: [declined("method_not_allowed")],
  },
  "empty lines before the method": { sends: `\r\n\r\n${get()}`, comes: [passes("GET /first")] },
  "HTTP/1.0, once": {
    sends: `GET ${first} HTTP/1.0\r\nHost: localhost\r\n\r\n`,
    comes: [passes("GET /first")],
    closes: true,
  },
  "HTTP/1.0, kept alive": {
    sends: `GET ${first} HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n`,
    comes: [passes("GET /first")],
  },
  "ten requests at once": {
    sends: Array.from({ length: 10 }, (_, i) => request(`GET /private/v1/${i}`)).join(""),
    comes: Array.from({ length: 10 }, (_, i) => passes(`GET /${i}`)),
  },
  "HEAD and GET at once": {
    sends: request(`HEAD ${first}`) + hidden,
    comes: [passes("HEAD /first"), passes("GET /hidden")],
  },
  "requests behind one that says close": {
    sends: get("Connection: close") + hidden,
    comes: [passes("GET /first")],
    closes: true,
  },
};
