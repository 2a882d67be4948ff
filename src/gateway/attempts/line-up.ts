import { PosternError } from "../../errors.ts";
import type { UpstreamRequest } from "../upstream/connection.ts";
import type { Destination } from "../directory.ts";
import type { Exchange, ExchangeSink } from "../upstream/upstream.ts";

/** A request as it is for one endpoint, and what sends it there. */
export interface Prepared {
  readonly request: UpstreamRequest;
  readonly send: (sink: ExchangeSink) => Exchange;
}

/** Who is asked next, and after how long a pause that it has asked for. */
export interface Next extends Prepared {
  readonly destination: Destination;
  readonly waitMs: number;
}

/** Of the notes on what was tried. */
const mostNotes = 16;

/** The endpoints that may still be asked for one request, in their order, and what became of those before them. */
export class LineUp {
  readonly #prepare: (to: Destination) => Prepared;
  #waiting: readonly Destination[];
  #notes: readonly string[] = [];
  #barred: PosternError | undefined;

  /** @param prepare makes the request for an endpoint; throws a PosternError where nothing may be sent there */
  constructor(waiting: readonly Destination[], prepare: (to: Destination) => Prepared) {
    this.#waiting = waiting;
    this.#prepare = prepare;
  }

  /** `endpoint: status or code` of those that were tried in vain or passed over. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Why nothing was sent to the first of those that were passed over. */
  get barred(): PosternError | undefined {
    return this.#barred;
  }

  /**
   * The first that may be asked now; when all have asked for a pause, the one whose pause is over first, if that is
   * within `mostWaitMs`. Those that nothing may be sent to are passed over for good.
   */
  next(nowMs: number, mostWaitMs: number): Next | undefined {
    for (;;) {
      const destination =
        this.#waiting.find(({ standing }) => standing.pausedUntilMs <= nowMs) ?? this.#soonest();
      if (destination === undefined) return undefined;
      const waitMs = Math.max(0, Math.ceil(destination.standing.pausedUntilMs - nowMs));
      if (waitMs > mostWaitMs) return undefined;
      try {
        return { ...this.#prepare(destination), destination, waitMs };
      } catch (error) {
        if (!(error instanceof PosternError)) throw error;
        this.#barred ??= error;
        this.note(destination, error.code);
        this.leave(destination);
      }
    }
  }

  /** How long it is until the first pause is over; undefined when nobody is left. */
  pauseMs(nowMs: number): number | undefined {
    const soonest = this.#soonest();
    return soonest === undefined ? undefined : Math.max(0, soonest.standing.pausedUntilMs - nowMs);
  }

  leave(destination: Destination): void {
    this.#waiting = this.#waiting.filter((other) => other !== destination);
  }

  /** It may be asked once more, after the others. */
  rejoin(destination: Destination): void {
    this.#waiting = [...this.#waiting, destination];
  }

  note({ endpoint }: Destination, result: string): void {
    if (this.#notes.length < mostNotes) this.#notes = [...this.#notes, `${endpoint.name}: ${result}`];
  }

  #soonest(): Destination | undefined {
    return this.#waiting.toSorted((a, b) => a.standing.pausedUntilMs - b.standing.pausedUntilMs)[0];
  }
}
