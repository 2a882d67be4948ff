import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { errorBody, type PosternError } from "../errors.ts";

/** The client's own request id when it is a sane one, else a new one. */
export function requestIdOf(req: IncomingMessage): string {
  const given = req.headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9._:-]{1,128}$/.test(given) ? given : randomUUID();
}

function errorHeaders(error: PosternError, body: string, requestId: string): string[] {
  const headers = [
    "Content-Type",
    "application/json",
    "Content-Length",
    String(Buffer.byteLength(body)),
    "X-Request-Id",
    requestId,
  ];
  return error.retry ? headers : [...headers, "X-Should-Retry", "false"];
}

/** Answers a request with an error of ours. */
export function respondWithError(
  req: IncomingMessage,
  res: ServerResponse,
  error: PosternError,
  requestId: string,
): void {
  const body = errorBody(error);
  const headers = errorHeaders(error, body, requestId);
  // What is left of a body that nobody will read must not be taken for the next request.
  if (!req.complete) headers.push("Connection", "close");
  res.writeHead(error.status, headers);
  res.end(body);
}

/** An error of ours as the bytes of a whole answer, where there is no ServerResponse: upgrades, malformed heads. */
export function errorResponse(error: PosternError, reason: string, requestId: string): string {
  const body = errorBody(error);
  const headers = [...errorHeaders(error, body, requestId), "Connection", "close"];
  let text = `HTTP/1.1 ${error.status} ${reason}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}\r\n${body}`;
}
