import type { IncomingRequest } from "./incoming-request.ts";
import { lowerCased } from "../header-name.ts";
import { lineEnd } from "../message.ts";

// The grammar of ordinary requests: a small part of RFC 9112's, in which no two parsers differ. It refuses nothing;
// what does not fit is left to Node's parser, and to the guard behind it.

const plainHead = /^(?:GET|POST) \/[!-~]* HTTP\/1\.1(?:\r\n[A-Za-z][A-Za-z0-9-]*: [!-~](?:[ -~]*[!-~])?)*$/;
const ending = " HTTP/1.1";
const HEAD_END = Buffer.from("\r\n\r\n");

const mostHeadBytes = 16 * 1024;
const mostFields = 64;

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
export interface PlainRequest extends Omit<IncomingRequest, "content"> {
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
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0 || headEnd > mostHeadBytes) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  if (!plainHead.test(head)) return undefined;
  const rawHeaders: string[] = [];
  let length: number | undefined;
  let hosts = 0;
  let end = lineEnd(head, 0);
  const method = head.slice(0, head.indexOf(" "));
  const target = head.slice(method.length + 1, end - ending.length);
  while (end < head.length) {
    const at = end + 2;
    end = lineEnd(head, at);
    const colon = head.indexOf(":", at);
    const name = head.slice(at, colon);
    const value = head.slice(colon + 2, end);
    if (rawHeaders.length === 2 * mostFields) return undefined;
    const lower = lowerCased(name);
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
    target,
    version: "1.1",
    rawHeaders,
    bodyAt: headEnd + HEAD_END.length,
    length,
  };
}
