import type { Duplex } from "node:stream";
import { limits } from "../limits.ts";

type Done = (error?: Error | null) => void;

/**
 * Has a connection read to its end before a failed write ends it. A server that answers before it has read the request
 * (401, 413) and then closes has what still comes reset (RFC 9112 §9.6): the next write fails, and Node.js would destroy
 * the socket with the answer unread. As long as a write is not told to have failed, reading goes on; its end tells as much.
 */
export function readBeforeFailing(socket: Duplex): void {
  if (Object.hasOwn(socket, "_write")) return;
  const late =
    (done: Done): Done =>
    (error) => {
      if (!error) return done();
      const timer = setTimeout(done, limits.lastWordsMs, error);
      socket.once("close", () => clearTimeout(timer));
    };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, done) => write(chunk, encoding, late(done));
  if (writev !== undefined) socket._writev = (chunks, done) => writev(chunks, late(done));
}
