import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { limits } from "../limits.ts";

/**
 * Has the requests of each connection of Node's server wait for the answers before their own. Node gives out each as it
 * is read: so many could be under way on one connection as fit in its memory, and those whose connection is lost would
 * never hear of it.
 */
export class Pipeline {
  /** How many requests of a connection wait. */
  readonly #waiting = new WeakMap<Socket, number>();

  /** @param handle called when the request's turn has come; never, where the connection ends before */
  enter(socket: Socket, res: ServerResponse, handle: () => void): void {
    // Node has given the connection to the answer whose turn it is.
    if (res.socket !== null) return handle();
    const waiting = (this.#waiting.get(socket) ?? 0) + 1;
    this.#waiting.set(socket, waiting);
    // Behind the present packet: Node's parser reads on after each request of it.
    if (waiting === limits.pipelined) setImmediate(() => this.#isLong(socket) && socket.pause());
    res.once("socket", () => {
      const wasLong = this.#isLong(socket);
      this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1);
      if (wasLong && !this.#isLong(socket)) socket.resume();
      // Not from within the end of the answer before.
      setImmediate(handle);
    });
  }

  /** Whether so many wait that no more are read. */
  #isLong(socket: Socket): boolean {
    return (this.#waiting.get(socket) ?? 0) >= limits.pipelined;
  }
}
