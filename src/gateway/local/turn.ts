import type { Socket } from "node:net";

/** Bytes that follow each other more closely, in milliseconds, come from an endpoint that is faster than this process. */
const burstMs = 1;

/** Holds what is written to sockets until the present turn of the event loop ends. */
export class Turn {
  #held: Socket[] = [];

  hold(socket: Socket): void {
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

/**
 * How closely the writes to one client follow each other. What comes by itself goes out at once; in a burst, all that
 * comes within a turn of the event loop leaves in one system call.
 */
export class Pace {
  readonly #turn: Turn;
  readonly #socket: Socket;
  #lastMs = -Infinity;

  constructor(turn: Turn, socket: Socket) {
    this.#turn = turn;
    this.#socket = socket;
  }

  /** To be called before each write. */
  step(): void {
    const nowMs = performance.now();
    const burst = nowMs - this.#lastMs < burstMs;
    this.#lastMs = nowMs;
    if (burst && this.#socket.writableCorked === 0) this.#turn.hold(this.#socket);
  }
}
