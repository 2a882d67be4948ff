import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Answer } from "./client.ts";

const date = "Date: Sun, 06 Nov 1994 08:49:37 GMT";
const hopByHop =
  /^(connection|keep-alive|proxy-connection|transfer-encoding|te|trailer|upgrade)$|^x-postern-/i;

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that repeat nowhere soon, the same for each size. */
export function bytesOfSize(size: number): Buffer {
  const block = createHash("sha512");
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 64) block.copy().update(String(at)).digest().copy(bytes, at);
  return bytes;
}

/** Cuts bytes at random points into about `count` pieces, none of them empty. */
export function cutAtRandom(bytes: Buffer, count: number, random: () => number): Buffer[] {
  const points = Array.from({ length: count - 1 }, () => 1 + Math.floor(random() * (bytes.length - 1)));
  const cuts = [0, ...new Set(points), bytes.length].sort((a, b) => a - b);
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}

/** Chunked coding, each piece a chunk (RFC 9112 section 7.1). */
export const chunked = (
  pieces: readonly Buffer[],
  trailers: readonly string[] = [],
  extension = "",
): Buffer =>
  Buffer.concat([
    ...pieces.flatMap((piece) => [
      Buffer.from(`${piece.length.toString(16)}${extension}\r\n`),
      piece,
      Buffer.from("\r\n"),
    ]),
    Buffer.from(["0", ...trailers, "", ""].join("\r\n")),
  ]);

/** An answer's bytes. */
export const answerOf = (status: string, headers: readonly string[], body: Buffer | string = ""): Buffer =>
  Buffer.concat([
    Buffer.from([`HTTP/1.1 ${status}`, date, ...headers, "", ""].join("\r\n"), "latin1"),
    Buffer.from(body),
  ]);

const sized = (status: string, headers: readonly string[], body: Buffer | string): Buffer =>
  answerOf(status, [...headers, `Content-Length: ${Buffer.byteLength(body)}`], body);

const html = (status: string): Buffer =>
  sized(
    status,
    ["Content-Type: text/html"],
    `<html><title>${status}</title><center>nginx</center></html>\r\n`,
  );

const inChunks = (
  headers: readonly string[],
  pieces: readonly Buffer[],
  trailers: readonly string[] = [],
): Buffer => answerOf("200 OK", [...headers, "Transfer-Encoding: chunked"], chunked(pieces, trailers));

const text = Buffer.from('data: {"delta":"größer als 日本語 und 🚪"}\n\n');

/** Answers of many shapes, by name. */
export const shapes: Readonly<Record<string, Buffer>> = {
  "an empty body": sized("200 OK", [], ""),
  "one byte": sized("200 OK", ["Content-Type: application/octet-stream"], "x"),
  "10 MB with a length": sized("200 OK", [], bytesOfSize(10_000_000)),
  "10 MB chunked at random points": inChunks([], cutAtRandom(bytesOfSize(10_000_000), 700, randomOf(1))),
  "chunks that split UTF-8 characters": inChunks(
    ["Content-Type: text/event-stream; charset=utf-8"],
    cutAtRandom(text, text.length, randomOf(2)),
  ),
  "a chunked body without a chunk": inChunks([], []),
  "chunk extensions": answerOf(
    "200 OK",
    ["Transfer-Encoding: chunked"],
    chunked([text], [], ';name="value"'),
  ),
  trailers: inChunks(["Trailer: X-Checksum"], [text], ["X-Checksum: 1f2e", "x-usage: 12"]),
  gzip: sized("200 OK", ["Content-Encoding: gzip", "Vary: Accept-Encoding"], gzipSync(text)),
  "chunked gzip": inChunks(["content-encoding: gzip"], cutAtRandom(gzipSync(text), 9, randomOf(3))),
  "until the connection closes": answerOf("200 OK", ["Connection: close"], bytesOfSize(70_000)),
  "204": answerOf("204 No Content", ["X-Kept: yes"]),
  "205": sized("205 Reset Content", [], ""),
  "304 with the length of what was not sent": answerOf("304 Not Modified", [
    'ETag: "7"',
    "Content-Length: 1234",
  ]),
  "206": sized("206 Partial Content", ["Content-Range: bytes 0-3/10"], "abcd"),
  "302 to another host": sized("302 Found", ["Location: https://evil.test/v1"], ""),
  "307": sized("307 Temporary Redirect", ["Location: /v1/other"], "moved"),
  "400 with nginx's HTML": html("400 Bad Request"),
  "401": sized("401 Unauthorized", ["WWW-Authenticate: Bearer"], '{"detail":"no"}'),
  "404 with HTML": html("404 Not Found"),
  "429 with hints": sized(
    "429 Too Many Requests",
    ["retry-after-ms: 20", "Retry-After: 1"],
    '{"error":"later"}',
  ),
  "500 with HTML": html("500 Internal Server Error"),
  "503 of an ingress": sized("503 Service Unavailable", ["content-type: text/plain"], "no healthy upstream"),
  "an unknown status": sized("599 Whatever This Is", [], "?"),
  "a reason of its own": sized("200 Fine, Thanks", [], "ok"),
  "no reason": sized("200 ", [], "ok"),
  "1xx before": Buffer.concat([
    Buffer.from("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"),
    sized("200 OK", [], "ok"),
  ]),
  "headers repeated, in odd case and order": sized(
    "200 OK",
    [
      "x-B: 1",
      "X-A: 2",
      "x-b: 3",
      "Set-Cookie: a=1",
      "set-cookie: b=2",
      "X-Empty:",
      "X-Latin: gr\u00fc\u00df",
      "server: odd/1",
    ],
    "ok",
  ),
  "OpenAI's own headers": sized(
    "200 OK",
    ["x-request-id: req_1", "openai-processing-ms: 12", "x-ratelimit-remaining-tokens: 7", "CF-Ray: 1"],
    "{}",
  ),
  "a header of 60 kB": sized("200 OK", [`X-Long: ${"v".repeat(60_000)}`], "ok"),
};

/** What of an answer must be the same with and without the gateway between. */
export const essenceOf = (answer: Answer): unknown => ({
  status: answer.status,
  reason: answer.reason,
  headers: answer.headers.filter(([name]) => !hopByHop.test(name)),
  length: answer.body.length,
  sha256: createHash("sha256").update(answer.body).digest("hex"),
  trailers: answer.trailers,
  informational: answer.informational,
  cut: answer.cut,
});
