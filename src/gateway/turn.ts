import type { Socket } from "node:net";

/**
 * Holds what is written to sockets until the present turn of the event loop ends. What one socket gets in a turn leaves
 * in one system call; and since those of all sockets follow each other closely, a process that reads at the other end
 * is woken once and not at each of them, which is the dearer part of a small write.
 */
export class Turn {
  #held: Socket[] = [];

  /** To be called before a write. */
  hold(socket: Socket): void {
    if (socket.writableCorked > 0) return;
    if (this.#held.length === 0) setImmediate(() => this.#over());
    socket.cork();
    this.#held.push(socket);
  }

  #over(): void {
    const held = this.#held;
    this.#held = [];
    for (const socket of held) socket.uncork();
  }
}

/** Sends what is held of a socket that is about to be destroyed: what came before a break is not lost with it. */
export function letGo(socket: Socket): void {
  while (socket.writableCorked > 0) socket.uncork();
}
