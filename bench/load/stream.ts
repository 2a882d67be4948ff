import type { Socket } from "node:net";
import { clockUs, eventBytes, stamp } from "../event.ts";
import { AnswerReader } from "./answer.ts";

const digitZero = 0x30;

/** What all streams of a job note together. */
export interface Tally {
  /** Bytes of events that came, of all streams. */
  bytes: number;
  /** The delays of events in µs, while `noting`. */
  readonly delaysUs: number[];
  noting: boolean;
}

/** One stream of events, read for its length and, where it carries times, for its delays. */
export class Stream {
  readonly socket: Socket;
  readonly #tally: Tally;
  readonly #stamped: boolean;
  /** Where in an event the next byte stands. */
  #position = 0;
  #sentUs = 0;

  /** `opened` is called with the first event, `failed` when the stream ends or breaks off. */
  constructor(
    socket: Socket,
    request: Buffer,
    o: { tally: Tally; stamped: boolean; opened: () => void; failed: (error: Error) => void },
  ) {
    this.socket = socket;
    this.#tally = o.tally;
    this.#stamped = o.stamped;
    let open = false;
    const reader = new AnswerReader({
      payload: (bytes, from, to) => {
        if (!open) o.opened();
        open = true;
        this.#take(bytes, from, to);
      },
      end: () => o.failed(new Error("a stream ended")),
    });
    socket.on("error", o.failed);
    socket.on("close", () => o.failed(new Error("a stream was broken off")));
    socket.on("data", (bytes: Buffer) => {
      try {
        reader.feed(bytes);
      } catch (error) {
        o.failed(error as Error);
      }
    });
    socket.write(request);
  }

  #take(bytes: Buffer, from: number, to: number): void {
    this.#tally.bytes += to - from;
    if (!this.#stamped) return;
    const { from: first, digits } = stamp;
    for (let at = from; at < to;) {
      const position = this.#position;
      if (position >= first && position < first + digits) {
        this.#sentUs = this.#sentUs * 10 + (bytes[at] ?? 0) - digitZero;
        this.#position += 1;
        at += 1;
        if (position === first + digits - 1) this.#note();
        continue;
      }
      // To the stamp, or to the end of the event.
      const until = position < first ? first : eventBytes;
      const step = Math.min(to - at, until - position);
      at += step;
      this.#position = position + step === eventBytes ? 0 : position + step;
    }
  }

  #note(): void {
    if (this.#tally.noting) this.#tally.delaysUs.push(clockUs() - this.#sentUs);
    this.#sentUs = 0;
  }
}
