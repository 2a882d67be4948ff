import type { Ask } from "./ask.ts";

// The grammar of ordinary requests: a small part of RFC 9112's, in which no two parsers differ. It refuses nothing;
// what does not fit is left to Node's parser, and to the guard behind it.

const requestLine = /^(GET|POST) (\/[!-~]*) HTTP\/1\.1$/;
const fieldLine = /^([A-Za-z][A-Za-z0-9-]*): ([!-~](?:[ -~]*[!-~])?)$/;
const HEAD_END = Buffer.from("\r\n\r\n");

const mostHeadBytes = 16 * 1024;
const mostLines = 64;

/** Headers that say how a message ends or what becomes of its connection, where there is more than one way. */
const unusual = new Set([
  "transfer-encoding",
  "expect",
  "upgrade",
  "te",
  "trailer",
  "keep-alive",
  "proxy-connection",
  "http2-settings",
]);

/** A request whose head came in one piece and is nothing but ordinary. */
export interface PlainRequest extends Omit<Ask, "content"> {
  /** Where its body begins in the bytes that were read. */
  readonly bodyAt: number;
  /** Of its body, in bytes; absent when it has none. */
  readonly length: number | undefined;
}

/**
 * Reads the head of a request, if all of it is there and it is ordinary.
 *
 * @param mostBodyBytes a request with a larger body is not
 */
export function readPlainRequest(bytes: Buffer, mostBodyBytes: number): PlainRequest | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0 || end > mostHeadBytes) return undefined;
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const start = requestLine.exec(first);
  if (start === null || lines.length > mostLines) return undefined;
  const method = start[1] ?? "";
  const rawHeaders: string[] = [];
  let length: number | undefined;
  let hosts = 0;
  for (const line of lines) {
    const field = fieldLine.exec(line);
    if (field === null) return undefined;
    const name = field[1] ?? "";
    const value = field[2] ?? "";
    const lower = name.toLowerCase();
    if (lower === "host") hosts += 1;
    else if (lower === "content-length") {
      if (length !== undefined || !/^(?:0|[1-9][0-9]{0,8})$/.test(value)) return undefined;
      length = Number(value);
    } else if (lower === "connection") {
      if (value.toLowerCase() !== "keep-alive") return undefined;
    } else if (unusual.has(lower)) return undefined;
    rawHeaders.push(name, value);
  }
  if (hosts !== 1 || (method === "GET") !== (length === undefined)) return undefined;
  if (length !== undefined && length > mostBodyBytes) return undefined;
  return {
    method,
    target: start[2] ?? "",
    version: "1.1",
    rawHeaders,
    bodyAt: end + HEAD_END.length,
    length,
  };
}
