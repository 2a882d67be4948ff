import { PosternError } from "../../errors.ts";
import type { UpstreamRequest } from "../upstream/request.ts";
import { type Destination, ownId } from "../directory.ts";
import type { Exchange, ExchangeSink } from "../upstream/exchange.ts";

/** A request as it is for one endpoint, and what has it answered. */
export interface Prepared {
  readonly request: UpstreamRequest;
  /** It is answered with what the endpoint's cache has kept: nothing is sent. */
  readonly kept: boolean;
  readonly send: (sink: ExchangeSink) => Exchange;
}

/** Who is asked next, and after how long a pause that it has asked for. */
export interface Next extends Prepared {
  readonly destination: Destination;
  readonly waitMs: number;
}

/** An endpoint that nothing may be sent to, and why. */
interface Barred {
  readonly destination: Destination;
  readonly error: PosternError;
}

/** Of the notes on what was tried. */
const mostNotes = 16;

/** The endpoints that may still be asked for one request, in their order, and what became of those before them. */
export class LineUp {
  readonly #model: string;
  #prepare: ((to: Destination) => Prepared) | undefined;
  #waiting: readonly Destination[];
  #notes: readonly string[] = [];
  #barred: Barred | undefined;

  /**
   * @param model as the request names it
   * @param prepare makes the request for an endpoint; throws a PosternError where nothing may be sent there
   */
  constructor(model: string, waiting: readonly Destination[], prepare: (to: Destination) => Prepared) {
    this.#model = model;
    this.#waiting = waiting;
    this.#prepare = prepare;
  }

  /** `endpoint: status or code` of those that were tried in vain or passed over. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** The first of those that were passed over because nothing may be sent there. */
  get barred(): Barred | undefined {
    return this.#barred;
  }

  /**
   * The first that may be asked now, or need not be, for its answer was kept; when all have asked for a pause, the one
   * whose pause is over first, if that is within `mostWaitMs`. Those that nothing may be sent to are passed over for
   * good. Nothing is prepared for those that are passed over because they pause, unless they can have kept an answer.
   */
  next(nowMs: number, mostWaitMs: number): Next | undefined {
    for (const destination of this.#waiting) {
      const pauses = this.#waitMs(destination, nowMs) > 0;
      if (pauses && !keepsAnswers(destination)) continue;
      const prepared = this.#prepared(destination);
      if (prepared !== undefined && (!pauses || prepared.kept))
        return { ...prepared, destination, waitMs: 0 };
    }
    const soonest = this.#soonest(nowMs);
    return soonest !== undefined && soonest.waitMs <= mostWaitMs ? soonest : undefined;
  }

  /** When all that are left have asked for a pause: notes that, and returns how long it is until the first is over. */
  notePauses(nowMs: number): number | undefined {
    if (this.#waiting.length === 0) return undefined;
    for (const destination of this.#waiting) this.note(destination, "paused");
    return Math.min(...this.#waiting.map((destination) => this.#waitMs(destination, nowMs)));
  }

  /** Nobody is asked any more. What was to be sent goes with that: its body can be large. */
  close(): void {
    this.#waiting = [];
    this.#prepare = undefined;
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

  /** When all that are left pause: the one whose pause is over first, of those that something may be sent to. */
  #soonest(nowMs: number): Next | undefined {
    const waits = this.#waiting.map((destination) => ({
      destination,
      waitMs: this.#waitMs(destination, nowMs),
    }));
    for (const wait of waits.toSorted((a, b) => a.waitMs - b.waitMs)) {
      const prepared = this.#prepared(wait.destination);
      if (prepared !== undefined) return { ...prepared, ...wait };
    }
    return undefined;
  }

  /** How long the pause still is that an endpoint has asked for. */
  #waitMs({ endpoint, standing }: Destination, nowMs: number): number {
    return Math.max(0, Math.ceil(standing.pausedUntilMs(ownId(endpoint, this.#model)) - nowMs));
  }

  #prepared(destination: Destination): Prepared | undefined {
    try {
      return this.#prepare?.(destination);
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      this.#barred ??= { destination, error };
      this.note(destination, error.code);
      this.leave(destination);
      return undefined;
    }
  }
}

const keepsAnswers = ({ endpoint }: Destination): boolean => endpoint.cache !== undefined;
