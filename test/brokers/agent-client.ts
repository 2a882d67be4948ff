import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { string, uint32 } from "../../src/vault/ssh/ssh-wire.ts";

/** A program that speaks the agent protocol byte by byte, to say also what no real one says. */
export class AgentClient implements Disposable {
  readonly #socket: Socket;
  /** Tells whoever waits that there may be more to read, or nothing any more. */
  #news: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    for (const event of ["readable", "end", "close"]) socket.on(event, () => this.#news());
  }

  static async connect(path: string): Promise<AgentClient> {
    const socket = connect({ path });
    socket.on("error", () => {});
    await once(socket, "connect");
    return new AgentClient(socket);
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Says that it will send nothing more. */
  end(): void {
    this.#socket.end();
  }

  /** The next answer's number and what follows it. Rejects when the agent hangs up before. */
  async answer(): Promise<{ readonly number: number; readonly rest: Buffer }> {
    const length = (await this.#take(4)).readUInt32BE();
    const message = await this.#take(length);
    return { number: message.readUInt8(), rest: message.subarray(1) };
  }

  /** Resolves when the agent hangs up; what it sent before is lost. */
  async hungUp(): Promise<void> {
    while (!this.#gone) {
      this.#socket.read();
      if (!this.#gone) await this.#wait();
    }
  }

  get #gone(): boolean {
    return this.#socket.readableEnded || this.#socket.destroyed;
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => (this.#news = resolve));
  }

  async #take(bytes: number): Promise<Buffer> {
    for (;;) {
      const taken = this.#socket.read(bytes) as Buffer | null;
      if (taken?.length === bytes) return taken;
      if (this.#gone) throw new Error("the agent has hung up");
      await this.#wait();
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** SSH_AGENTC_REQUEST_IDENTITIES. */
export const listing = string(Buffer.of(11));

/** SSH_AGENTC_SIGN_REQUEST. */
export const signRequest = (blob: Buffer, data: Buffer, flags: number): Buffer =>
  string(Buffer.concat([Buffer.of(13), string(blob), string(data), uint32(flags)]));
