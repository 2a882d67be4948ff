import { once } from "node:events";
import type { Socket } from "node:net";
import { problem } from "../../errors.ts";
import { limits } from "../limits.ts";
import { linger } from "./linger.ts";
import { errorResponse } from "./respond.ts";

/**
 * Since when closing a connection would cost nobody a request (`performance.now`): 0 where none was answered yet,
 * undefined while one is under way.
 */
type IdleSince = () => number | undefined;

interface Client {
  readonly socket: Socket;
  readonly idleSinceMs: IdleSince;
  readonly cameMs: number;
  /** It has only just come: its first request may be on its way. */
  isNew: boolean;
}

/** How many that are to give way are found at a time: each time all are looked at. */
const foundAtOnce = 64;

/** The open connections of local clients, and who gives way when there are too many. */
export class Clients {
  readonly #open = new Map<Socket, Client>();
  /** Who was idle longest when last looked, the longest of all at the end. */
  #idle: { readonly client: Client; readonly sinceMs: number }[] = [];
  #turnedAway = 0;
  /** Whether the last that came found no room. */
  full = false;

  /** Those that are open now. */
  get sockets(): readonly Socket[] {
    return [...this.#open.keys()];
  }

  /**
   * Takes a connection in until it closes. Where there are `most` already, the one that is idle longest is closed for
   * it: clients open a new one when they need it.
   *
   * @returns false when there is no room; then it has been answered, and is closed
   */
  admit(socket: Socket, idleSinceMs: IdleSince, most: number): boolean {
    this.full = this.#open.size >= most && !this.#makeRoom();
    if (this.full) {
      this.#turnAway(socket, most);
      return false;
    }
    const client: Client = { socket, idleSinceMs, cameMs: performance.now(), isNew: true };
    this.#open.set(socket, client);
    socket.once("close", () => this.#open.delete(socket));
    // Behind the reads of its turn: what has come by then is read, however long this process was kept from it.
    setTimeout(() => setImmediate(() => (client.isNew = false)), limits.newcomerMs);
    return true;
  }

  /** Closes all connections, and leaves their clients `forMs` to read what they were answered. */
  async part(forMs: number): Promise<void> {
    const { sockets } = this;
    const closed = sockets.map((socket) => once(socket, "close"));
    for (const socket of sockets) linger(socket, forMs);
    await Promise.allSettled(closed);
  }

  #makeRoom(): boolean {
    if (this.#closeNext()) return true;
    this.#idle = [...this.#open.values()]
      .flatMap((client) => {
        const sinceMs = mayGiveWaySince(client);
        return sinceMs === undefined ? [] : [{ client, sinceMs }];
      })
      .sort((one, other) => other.sinceMs - one.sinceMs)
      .slice(-foundAtOnce);
    return this.#closeNext();
  }

  /** Closes the next of those that were found idle and have been so ever since. */
  #closeNext(): boolean {
    for (let next = this.#idle.pop(); next !== undefined; next = this.#idle.pop()) {
      const { client, sinceMs } = next;
      if (!this.#open.has(client.socket) || mayGiveWaySince(client) !== sinceMs) continue;
      this.#open.delete(client.socket);
      client.socket.destroy();
      return true;
    }
    return false;
  }

  #turnAway(socket: Socket, most: number): void {
    if (this.#turnedAway >= limits.turnedAway) {
      socket.on("error", () => {}).destroy();
      return;
    }
    this.#turnedAway += 1;
    socket.once("close", () => (this.#turnedAway -= 1));
    socket.write(errorResponse(problem("connections_exhausted", { most }), "Service Unavailable", "none"));
    linger(socket, limits.turnedAwayMs);
  }
}

function mayGiveWaySince({ idleSinceMs, cameMs, isNew }: Client): number | undefined {
  const sinceMs = idleSinceMs();
  if (sinceMs !== 0) return sinceMs;
  return isNew ? undefined : cameMs;
}
