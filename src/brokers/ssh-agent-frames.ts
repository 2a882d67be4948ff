/** Thrown for a message that is longer than any request. */
export class TooLong extends Error {
  override readonly name = "TooLong";
}

/**
 * Cuts a stream into the agent protocol's messages: a length of four bytes, then as many bytes (draft-ietf-sshm-ssh-agent
 * §3). It holds one message at most, and copies each byte once, however small the pieces are.
 */
export class Frames {
  readonly #mostBytes: number;
  readonly #length = Buffer.alloc(4);
  /** The message that is being received; undefined while its length is. */
  #message: Buffer | undefined;
  /** How much of the length or of the message is here. */
  #filled = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Whether a message has begun and not ended. */
  get inside(): boolean {
    return this.#message !== undefined || this.#filled > 0;
  }

  /** The messages that this piece ends. Throws TooLong for a length beyond the limit, before any memory is taken for it. */
  push(piece: Buffer): Buffer[] {
    const ended: Buffer[] = [];
    let at = 0;
    while (at < piece.length) {
      const target = this.#message ?? this.#length;
      const taken = piece.copy(target, this.#filled, at);
      at += taken;
      this.#filled += taken;
      if (this.#filled < target.length) break;
      this.#filled = 0;
      if (this.#message === undefined) this.#begin(this.#length.readUInt32BE(), ended);
      else {
        ended.push(this.#message);
        this.#message = undefined;
      }
    }
    return ended;
  }

  #begin(bytes: number, ended: Buffer[]): void {
    if (bytes > this.#mostBytes) throw new TooLong(`a message of ${bytes} bytes is announced`);
    // One without a byte has ended with its length; nobody sends it, and it is answered as any that is not understood.
    if (bytes === 0) ended.push(Buffer.alloc(0));
    else this.#message = Buffer.allocUnsafe(bytes);
  }
}
