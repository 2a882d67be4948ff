import type { Socket } from "node:net";
import { Frames } from "./ssh-agent-frames.ts";

/** How much one program may ask for at once, and how long it may take to say it. */
export interface ClientLimits {
  /** The largest message; OpenSSH's agent takes as much. */
  readonly messageBytes: number;
  /** Requests that were received and not answered yet, after which no more are read. */
  readonly waiting: number;
  /** How long a message may stay without its end. */
  readonly silenceMs: number;
}

/**
 * Answers one program's requests, one after the other and in their order, until it leaves. The signal of `answer` aborts
 * when the program will send nothing more: it may be gone. What breaks the protocol is hung up on.
 */
export function serveClient(
  socket: Socket,
  answer: (message: Buffer, gone: AbortSignal) => Promise<Buffer>,
  limits: ClientLimits,
): void {
  const frames = new Frames(limits.messageBytes);
  const gone = new AbortController();
  const waiting: Buffer[] = [];
  let working = false;

  const work = async (): Promise<void> => {
    for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
      const reply = await answer(message, gone.signal);
      if (socket.destroyed) return;
      if (!socket.write(reply)) await drained(socket);
      if (waiting.length < limits.waiting) socket.resume();
    }
    working = false;
    if (gone.signal.aborted) socket.end();
  };
  const begin = (): void => {
    if (working) return;
    working = true;
    void work().catch(() => socket.destroy());
  };

  socket.on("data", (piece: Buffer) => {
    try {
      for (const message of frames.push(piece)) waiting.push(message);
    } catch {
      socket.destroy();
      return;
    }
    socket.setTimeout(frames.inside ? limits.silenceMs : 0);
    if (waiting.length >= limits.waiting) socket.pause();
    begin();
  });
  socket.on("timeout", () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("close", () => gone.abort());
  socket.on("end", () => {
    gone.abort();
    begin();
  });
}

/** Waits until the other side has read what was written to it, or is gone. */
const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
