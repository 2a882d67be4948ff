import type { Socket } from "node:net";
import { clockUs } from "../event.ts";
import { stampedEvent } from "./answers.ts";

/** Each stream gets an event every 30 ms: 33 in a second. */
const periodMs = 30;
/** The events wait until no stream has come for so long: opening a thousand costs enough without them. */
const quietUs = 250_000;

/** Paced streams, spread evenly over the period: those of one millisecond stand in one slot. */
export class Pacer {
  readonly #slots = Array.from({ length: periodMs }, () => new Set<Socket>());
  readonly #beginUs = clockUs();
  #added = 0;
  #lastAddedUs = 0;
  #passedMs = 0;

  /** Sends the first event now, as the sign that the stream is open, and the others in their turn. */
  add(socket: Socket): void {
    this.#lastAddedUs = clockUs();
    socket.write(stampedEvent(this.#lastAddedUs));
    // 11 and 30 have no common divisor: neighbours in time are not neighbours in the period, and all slots fill evenly.
    const slot = this.#slots[(this.#added * 11) % periodMs];
    this.#added += 1;
    slot?.add(socket);
    socket.once("close", () => slot?.delete(socket));
  }

  /** Sends what is due; called about every millisecond. What a late call missed is sent then. */
  tick(): void {
    const nowUs = clockUs();
    const nowMs = Math.trunc((nowUs - this.#beginUs) / 1e3);
    if (nowUs - this.#lastAddedUs < quietUs) this.#passedMs = nowMs;
    for (; this.#passedMs < nowMs; this.#passedMs += 1)
      for (const socket of this.#slots[this.#passedMs % periodMs] ?? [])
        socket.write(stampedEvent(clockUs()));
  }
}
