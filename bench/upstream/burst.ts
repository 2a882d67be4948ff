import type { Socket } from "node:net";

/**
 * Streams that are as fast as their readers. Each event is a write and so a TLS record of its own, as a server sends
 * its tokens; a stream's next event waits until the kernel has taken the last.
 */
export class Burst {
  readonly #event: Buffer;
  #ready: Socket[] = [];
  #scheduled = false;

  constructor(event: Buffer) {
    this.#event = event;
  }

  add(socket: Socket): void {
    if (socket.destroyed) return;
    this.#ready.push(socket);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // In turns of the event loop, so that no stream starves the others or the reading.
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    const sockets = this.#ready;
    this.#ready = [];
    for (const socket of sockets) socket.write(this.#event, (error) => error ?? this.add(socket));
  }
}
