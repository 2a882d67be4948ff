import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorBody, type PosternError } from "../../errors.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import { limits } from "../limits.ts";
import { linger } from "./linger.ts";
import { fieldValues, headText } from "../message.ts";

/** The client's own request id when it is a sane one, else a new one. */
export function requestIdOf({ rawHeaders }: IncomingRequest): string {
  const [given, ...others] = fieldValues(rawHeaders, "x-request-id");
  if (given === undefined || others.length > 0) return randomUUID();
  return /^[A-Za-z0-9._:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** The headers of an error of ours, beside those of the connection. */
export function errorHeaders(error: PosternError, body: string, requestId: string): string[] {
  const headers = [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(Buffer.byteLength(body)),
    "X-Request-Id",
    requestId,
    ...error.headers,
  ];
  return error.retry ? headers : [...headers, "X-Should-Retry", "false"];
}

/**
 * Reads what the client still sends of its request, and throws it away, so that the connection can go on behind it.
 *
 * @param over called once: at the body's end, when the client is gone, or after `limits.lingerMs`
 */
export function readPast(req: IncomingMessage, over: () => void): void {
  const settle = (): void => {
    clearTimeout(timer);
    req.off("end", settle).off("close", settle);
    over();
  };
  const timer = setTimeout(settle, limits.lingerMs);
  // A client that leaves meanwhile is told of by the close.
  req.on("error", () => {});
  req.unpipe().on("end", settle).on("close", settle).resume();
}

/** Whether bytes of the request's body may still come. */
const unfinished = ({ complete, headers }: IncomingMessage): boolean =>
  !complete && (headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0");

/**
 * Answers a request, wherever it stands. Where its body has not come whole, the connection closes behind the answer:
 * `res.shouldKeepAlive` is false then, and what comes behind the body is nobody's (RFC 9112 §9.6).
 */
export function respondEarly(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  headers: readonly string[],
  body: string,
): void {
  if (!unfinished(req)) {
    res.writeHead(status, [...headers]).end(body);
    return;
  }
  res.shouldKeepAlive = false;
  res.writeHead(status, [...headers, "Connection", "close"]).end(body);
  linger(req.socket);
}

/** An error of ours as the bytes of a whole answer, where there is no ServerResponse: upgrades, malformed heads. */
export function errorResponse(error: PosternError, reason: string, requestId: string): string {
  const body = errorBody(error);
  const headers = [...errorHeaders(error, body, requestId), "Connection", "close"];
  return headText(`HTTP/1.1 ${error.status} ${reason}`, headers) + body;
}
