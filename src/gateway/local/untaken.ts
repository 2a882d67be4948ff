import type { Socket } from "node:net";
import { limits } from "../limits.ts";

/**
 * Tells when bytes that were written to a connection have waited for `limits.slowReaderMs` and none of them was taken.
 * Silence is no matter where nothing waits.
 *
 * @returns what ends the watch
 */
export function whenUntaken(socket: Socket, told: () => void): () => void {
  const onTimeout = (): void => {
    if (socket.writableLength > 0) told();
  };
  // Once set, whatever is taken or read starts it anew.
  socket.setTimeout(limits.slowReaderMs);
  socket.on("timeout", onTimeout);
  return () => void socket.off("timeout", onTimeout);
}

/**
 * For a connection that has been silent for its timeout: what waits there must be taken within `limits.slowReaderMs`
 * from now, or it is closed.
 *
 * @returns whether anything waits; if not, the silence is somebody else's
 */
export function limitSlowReader(socket: Socket): boolean {
  if (socket.writableLength === 0) return false;
  if (socket.timeout === limits.slowReaderMs) socket.destroy();
  else socket.setTimeout(limits.slowReaderMs);
  return true;
}
