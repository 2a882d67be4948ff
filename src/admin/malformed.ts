import type { Socket } from "node:net";
import { errorBody, problem, reasonOf } from "../errors.ts";

/** Answers what Node's parser has refused, and closes the connection. No other answer may be on its way there. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  const reason = error.code === "HPE_HEADER_OVERFLOW" ? "they are too long" : reasonOf(error);
  const body = errorBody(problem("request_headers_invalid", { reason }));
  const head = [
    "HTTP/1.1 400 Bad Request",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.write([...head, "", body].join("\r\n"));
  // Whoever accepts connections has it linger, so that the answer is read (gateway/local/linger.ts).
  socket.destroySoon();
}
