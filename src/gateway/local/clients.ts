import type { Socket } from "node:net";
import { problem } from "../../errors.ts";
import { limits } from "../limits.ts";
import { errorResponse } from "./respond.ts";

/** The open connections of local clients, and who gives way when there are too many. */
export class Clients {
  /** Each with whether it carries nothing now, the oldest first. */
  readonly #open = new Map<Socket, () => boolean>();
  #turnedAway = 0;
  /** Whether the last that came found no room. */
  full = false;

  /**
   * Takes a connection in until it closes. Where there are `most` already, the oldest idle one is closed for it: clients
   * open a new one when they need it.
   *
   * @param isIdle whether closing it would cost nobody a request
   * @returns false when there is no room; then it has been answered, and is closed
   */
  admit(socket: Socket, isIdle: () => boolean, most: number): boolean {
    this.full = this.#open.size >= most && !this.#makeRoom();
    if (this.full) {
      this.#turnAway(socket, most);
      return false;
    }
    this.#open.set(socket, isIdle);
    socket.once("close", () => this.#open.delete(socket));
    return true;
  }

  #makeRoom(): boolean {
    for (const [socket, isIdle] of this.#open)
      if (isIdle()) {
        this.#open.delete(socket);
        socket.destroy();
        return true;
      }
    return false;
  }

  #turnAway(socket: Socket, most: number): void {
    socket.on("error", () => {});
    if (this.#turnedAway >= limits.turnedAway) {
      socket.destroy();
      return;
    }
    // Read past for a moment, or a reset could take the answer with it (see `readPast`).
    this.#turnedAway += 1;
    const timer = setTimeout(() => socket.destroy(), limits.turnedAwayMs);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#turnedAway -= 1;
    });
    socket.on("end", () => socket.destroy()).resume();
    socket.end(errorResponse(problem("connections_exhausted", { most }), "Service Unavailable", "none"));
  }
}
