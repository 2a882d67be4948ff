import { type IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { linger } from "./linger.ts";

/** A response for a request that asked for an upgrade and may be refused: Node makes none for it. */
export function responseOn(req: IncomingMessage, socket: Socket): ServerResponse {
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  // What comes after a refused upgrade is in nobody's protocol.
  res.on("finish", () => linger(socket));
  // Told by the response's close as well; without a listener it would end the process.
  socket.on("error", () => socket.destroy());
  return res;
}
