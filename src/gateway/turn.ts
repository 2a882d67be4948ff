import type { Socket } from "node:net";

/**
 * The turns of the event loop, as far as they matter to writing. The first bytes for a client in a turn go out at once.
 * When more come in the same turn, as from an endpoint that is faster than this process, they are held to the turn's
 * end and leave in one system call.
 */
export class Turn {
  #number = 0;
  #watched = false;
  #held: Socket[] = [];

  /** Told apart from those of other turns. */
  get number(): number {
    if (!this.#watched) {
      this.#watched = true;
      setImmediate(() => this.#over());
    }
    return this.#number;
  }

  /** Holds what is written to a socket until the turn ends. */
  hold(socket: Socket): void {
    socket.cork();
    this.#held.push(socket);
  }

  #over(): void {
    this.#number += 1;
    this.#watched = false;
    if (this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const socket of held) socket.uncork();
  }
}

/** What one client was sent in the present turn. */
export class Pace {
  readonly #turn: Turn;
  readonly #socket: Socket;
  #last = -1;
  #heldIn = -1;

  constructor(turn: Turn, socket: Socket) {
    this.#turn = turn;
    this.#socket = socket;
  }

  /** To be called before each write. */
  step(): void {
    const { number } = this.#turn;
    if (number !== this.#last) this.#last = number;
    else if (number !== this.#heldIn) {
      this.#heldIn = number;
      this.#turn.hold(this.#socket);
    }
  }
}
