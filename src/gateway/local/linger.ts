import type { Server } from "node:http";
import type { Socket } from "node:net";
import { limits } from "../limits.ts";

/**
 * Closes a connection behind its last answer: our side at once, the rest when the client has closed its own, and in any
 * case after `forMs` or `limits.lingerBytes`. What still comes is thrown away, and no reader of the connection gets it.
 * A connection that is closed with bytes that nobody has read, or to which more come, is reset, and the reset can take
 * an answer with it that the client has not read yet (RFC 9112 §9.6): many clients read only when they have sent all.
 */
export function linger(socket: Socket, forMs: number = limits.lingerMs): void {
  if (socket.destroyed) return;
  const last = socket.bytesRead + limits.lingerBytes;
  const timer = setTimeout(() => socket.destroy(), forMs);
  socket.once("close", () => clearTimeout(timer));
  // A client that leaves meanwhile is told of by the close.
  socket.on("error", () => {});
  socket.end();
  socket.removeAllListeners("data").on("data", () => {
    if (socket.bytesRead > last) socket.destroy();
  });
  socket.resume();
  // Where Node's parser had taken the connection over and stopped it, nobody else would begin to read again.
  socket._read(0);
}

/** Whether our side is closed: nothing that comes is answered any more. */
export const isLingering = (socket: Socket): boolean => socket.writableEnded;

/** Hands a connection to Node's HTTP server. */
export function handTo(server: Server, socket: Socket): void {
  // With this that server closes a connection behind its last answer.
  socket.destroySoon = () => linger(socket);
  server.emit("connection", socket);
}
