import type { Socket } from "node:net";
import { mannerIn } from "../event.ts";
import type { Answers } from "./answers.ts";
import type { Burst } from "./burst.ts";
import type { Pacer } from "./pacer.ts";

/** What all connections of the upstream share. */
export interface Parts {
  readonly answers: Answers;
  readonly burst: Burst;
  readonly pacer: Pacer;
  /** What every request's Authorization must hold. */
  readonly bearer: string;
}

const headEnd = "\r\n\r\n";

/** Reads the requests of one connection, and answers each by its model's name. HTTP as far as the contenders speak it. */
export class Conversation {
  readonly #socket: Socket;
  readonly #parts: Parts;
  #pending: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, parts: Parts) {
    this.#socket = socket;
    this.#parts = parts;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#take(bytes));
    socket.on("error", () => socket.destroy());
  }

  #take(bytes: Buffer): void {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const end = rest.indexOf(headEnd);
      if (end < 0) break;
      const head = rest.toString("latin1", 0, end);
      const from = end + headEnd.length;
      const to = from + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (rest.length < to) break;
      this.#answer(head, rest.subarray(from, to));
      rest = rest.subarray(to);
    }
    this.#pending = rest;
  }

  #answer(head: string, body: Buffer): void {
    const { answers, bearer, burst, pacer } = this.#parts;
    const socket = this.#socket;
    const manner = head.includes(bearer) ? mannerIn(body) : undefined;
    switch (manner) {
      case "answer":
        socket.write(answers.unary);
        break;
      case "fixed":
        socket.write(answers.streamHead);
        socket.write(answers.fixed);
        break;
      case "burst":
        socket.write(answers.streamHead);
        burst.add(socket);
        break;
      case "paced":
        socket.write(answers.streamHead);
        pacer.add(socket);
        break;
      case undefined:
      default:
        socket.write(answers.refusal);
    }
  }
}
