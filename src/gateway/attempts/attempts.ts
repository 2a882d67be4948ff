import type { Socket } from "node:net";
import { type PosternError, problem } from "../../errors.ts";
import { Attempt, type Judge } from "./attempt.ts";
import { ordered } from "./choice.ts";
import { isItsOwn, unwell } from "./health.ts";
import { type Destination, ownId, type Pool } from "../directory.ts";
import type { Failure } from "../upstream/failure.ts";
import { LineUp, type Next, type Prepared } from "./line-up.ts";
import { mayRepeat, retriedStatuses } from "./repeat.ts";
import { retryAfterMs } from "./retry-after.ts";
import { SetAside } from "./set-aside.ts";
import type { AttemptResult } from "../metrics/tally.ts";
import type { Exchange, ExchangeSink } from "../upstream/exchange.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/** Who is told how the attempts go. */
export interface AttemptsWatch {
  /** The request is this endpoint's now, if it was not before. */
  entered(endpoint: string): void;
  tried(endpoint: string, result: AttemptResult): void;
  /** What was tried in vain, or passed over, up to now. */
  passed(notes: readonly string[]): void;
  ejected(endpoint: string, forMs: number): void;
  /** Bytes of the request's body went to an endpoint whose answer the client does not get. */
  sentInVain(endpoint: string, bytes: number): void;
  /** Bytes of an answer's body came that the client does not get. */
  receivedInVain(endpoint: string, bytes: number): void;
}

export interface AttemptsOptions {
  readonly pool: Pool;
  readonly method: string;
  /** The request for an endpoint; throws a PosternError where nothing may be sent there. */
  readonly prepare: (to: Destination) => Prepared;
  readonly watch: AttemptsWatch;
  /** A steady clock, in milliseconds. */
  readonly now: () => number;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
}

/**
 * Has a request answered by one of several endpoints. As long as nothing of an answer has gone to the client, it is
 * sent to the next one when an endpoint cannot be reached or answers with 429, 502, 503 or 504: within the bounds of
 * `retries:`, and only where it is safe (repeat.ts).
 */
export class Attempts implements Exchange, Judge {
  readonly #options: Omit<AttemptsOptions, "prepare">;
  readonly #sink: ExchangeSink;
  readonly #lineUp: LineUp;
  /** How many more may be made. */
  #left: number;
  /** How long it may still wait. */
  #waitMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** The attempt that is under way, or an answer that was kept. */
  #current: Exchange | undefined;
  #setAside: { readonly answer: SetAside; readonly attempt: Attempt } | undefined;
  /** Those that were made, until it is known whose answer the client gets. */
  #made: readonly Attempt[] = [];
  #firstFailure: { readonly failure: Failure; readonly attempt: Attempt } | undefined;
  /** The client has been told something by an endpoint. */
  #begun = false;

  private constructor({ prepare, ...options }: AttemptsOptions, sink: ExchangeSink) {
    const { retries } = options.pool;
    this.#options = options;
    this.#sink = sink;
    // Nobody else holds `prepare`, so that the line-up can let go of it.
    this.#lineUp = new LineUp(options.pool.model, inOrder(options), prepare);
    this.#left = retries.attempts;
    this.#waitMs = retries.mostWaitMs;
  }

  /**
   * Sends a request, and its answer to `sink`.
   *
   * @throws PosternError why nothing may be sent to any of the endpoints: endpoints_paused, or the first one's reason
   */
  static start(options: AttemptsOptions, sink: ExchangeSink): Exchange {
    const attempts = new Attempts(options, sink);
    const { budget, retries } = options.pool;
    const next = attempts.#next();
    if (next === undefined) throw attempts.#noneLeft();
    if (!next.kept) budget.requested(retries.budget);
    attempts.#goOn(next);
    return attempts;
  }

  abort(): void {
    clearTimeout(this.#timer);
    this.#current?.abort();
    this.#setAside?.answer.drop();
    this.#account(this.#made.at(-1));
  }

  pause(): void {
    this.#current?.pause();
  }

  resume(): void {
    this.#current?.resume();
  }

  connected(): void {
    this.#sink.connected();
  }

  informational(head: ResponseHead): void {
    // A 100 is not passed on: it has been answered by ourselves.
    if (head.status !== 100) this.#begun = true;
    this.#sink.informational(head);
  }

  answered(attempt: Attempt, head: ResponseHead): ExchangeSink {
    const { destination } = attempt;
    const { status, rawHeaders } = head;
    if (unwell.has(status)) this.#failed(destination, false);
    const result = retriedStatuses.get(status) ?? "answered";
    this.#options.watch.tried(destination.endpoint.name, result);
    if (result !== "answered") {
      this.#heedPause(destination, status, rawHeaders);
      const next = this.#another(attempt);
      if (next !== undefined) {
        const answer = this.#putAside(attempt, head);
        this.#lineUp.note(destination, result);
        this.#goOn(next);
        return answer;
      }
    }
    this.#begun = true;
    this.#setAside?.answer.drop();
    this.#give(attempt);
    this.#sink.head(head);
    return this.#sink;
  }

  unanswered(attempt: Attempt, failure: Failure): void {
    const { destination } = attempt;
    const result = failure.phase === "connect" ? "unreachable" : "unanswered";
    if (isItsOwn(failure)) this.#failed(destination, true);
    if (failure.by !== "postern") this.#options.watch.tried(destination.endpoint.name, result);
    // What may have been carried out is not sent again, and the client hears of no other failure but this one.
    if (this.#begun || !mayRepeat(this.#options.method, failure)) return this.#fail(attempt, failure);
    this.#firstFailure ??= { failure, attempt };
    const next = this.#another(attempt);
    if (next !== undefined || this.#setAside !== undefined || this.#firstFailure.attempt !== attempt)
      this.#lineUp.note(destination, failure.error.code);
    if (next === undefined) this.#conclude();
    else this.#goOn(next);
  }

  ended({ destination, status }: Attempt, failure: Failure | undefined): void {
    // Counted when its head came.
    if (unwell.has(status)) return;
    if (failure === undefined) destination.standing.succeeded(this.#options.now());
    else if (isItsOwn(failure)) this.#failed(destination, false);
  }

  switched(attempt: Attempt, head: ResponseHead, socket: Socket, rest: Buffer): void {
    this.#options.watch.tried(attempt.destination.endpoint.name, "answered");
    this.#give(attempt);
    this.#sink.switched?.(head, socket, rest);
  }

  #next(): Next | undefined {
    return this.#lineUp.next(this.#options.now(), this.#waitMs);
  }

  /** Who gets the request after this attempt, if it may be sent once more; that is counted then. */
  #another({ repeatable }: Attempt): Next | undefined {
    if (this.#begun || !repeatable || this.#left <= 0) return undefined;
    const next = this.#next();
    // What was kept is no load that would have to be bounded.
    if (next === undefined || next.kept) return next;
    return this.#options.pool.budget.take(this.#options.now()) ? next : undefined;
  }

  #goOn({ destination, waitMs, kept, send, request }: Next): void {
    this.#options.watch.passed(this.#lineUp.notes);
    if (waitMs > 0) {
      this.#waitMs -= waitMs;
      this.#timer = setTimeout(() => this.#waited(), waitMs);
      return;
    }
    this.#lineUp.leave(destination);
    this.#options.watch.entered(destination.endpoint.name);
    // It says nothing of how the endpoint is now, so nobody judges it.
    if (kept) {
      this.#setAside?.answer.drop();
      this.#account(undefined);
      this.#current = send(this.#sink);
      return;
    }
    this.#left -= 1;
    const attempt = new Attempt(destination, request.body?.rest === undefined, this);
    this.#current = attempt;
    this.#made = [...this.#made, attempt];
    attempt.start(send);
  }

  /** A pause is over; unless it has been prolonged meanwhile, by the answer to another request. */
  #waited(): void {
    const next = this.#next();
    if (next === undefined) this.#conclude();
    else this.#goOn(next);
  }

  #putAside(attempt: Attempt, head: ResponseHead): ExchangeSink {
    const { name } = attempt.destination.endpoint;
    const answer = new SetAside(head, attempt, (bytes) => this.#options.watch.receivedInVain(name, bytes));
    this.#setAside?.answer.drop();
    this.#setAside = { answer, attempt };
    return answer;
  }

  /** Nobody is left: the client gets the last answer that came whole, or hears why the first attempt failed. */
  #conclude(): void {
    const { answer, attempt } = this.#setAside ?? {};
    if (answer?.whole === true && attempt !== undefined) {
      this.#give(attempt);
      return answer.giveTo(this.#sink);
    }
    const first = this.#firstFailure;
    if (first !== undefined) return this.#fail(first.attempt, first.failure);
    answer?.drop();
    this.#account(undefined);
    this.#sink.failed({ phase: "connect", by: "postern", error: this.#noneLeft(), bodyAwaited: false });
  }

  /** Why nothing is sent to anybody. */
  #noneLeft(): PosternError {
    const { pool, watch, now } = this.#options;
    const waitMs = this.#lineUp.notePauses(now());
    const { barred, notes } = this.#lineUp;
    watch.passed(notes);
    if (waitMs !== undefined) return problem("endpoints_paused", { model: pool.model, waitMs });
    if (barred === undefined) return problem("endpoint_none", undefined);
    watch.entered(barred.destination.endpoint.name);
    return barred.error;
  }

  #fail(attempt: Attempt, failure: Failure): void {
    this.#setAside?.answer.drop();
    this.#give(attempt);
    this.#sink.failed(failure);
  }

  /** What the client gets is of this attempt. */
  #give(attempt: Attempt): void {
    this.#options.watch.entered(attempt.destination.endpoint.name);
    this.#options.watch.passed(this.#lineUp.notes);
    this.#lineUp.close();
    this.#account(attempt);
  }

  /** What the given attempt has sent, if there is one, is the record's; what the others have, their endpoints' alone. */
  #account(given: Attempt | undefined): void {
    const made = this.#made;
    this.#made = [];
    for (const attempt of made) {
      const { destination, sentBytes } = attempt;
      if (attempt === given) this.#sink.uploaded(sentBytes);
      else this.#options.watch.sentInVain(destination.endpoint.name, sentBytes);
    }
  }

  #heedPause(destination: Destination, status: number, rawHeaders: readonly string[]): void {
    const pauseMs = status === 429 || status === 503 ? retryAfterMs(rawHeaders, Date.now()) : undefined;
    if (pauseMs === undefined) return;
    const { endpoint, standing } = destination;
    const nowMs = this.#options.now();
    // Limits are a model's, as a rule; who is overloaded is so for all.
    if (status === 503) standing.pause(nowMs + pauseMs);
    else standing.pauseModel(ownId(endpoint, this.#options.pool.model), nowMs + pauseMs, nowMs);
    this.#lineUp.rejoin(destination);
  }

  #failed({ endpoint, standing }: Destination, unanswered: boolean): void {
    const { now, pool, watch } = this.#options;
    const ejectedMs = standing.failed(now(), pool.ejection, unanswered);
    if (ejectedMs !== undefined) watch.ejected(endpoint.name, ejectedMs);
  }
}

/** The endpoints of a pool in the order in which they are asked now. */
function inOrder({ pool, now, random }: Pick<AttemptsOptions, "pool" | "now" | "random">): Destination[] {
  const nowMs = now();
  const candidates = pool.destinations.map((destination) => ({
    destination,
    weight: pool.weights.get(destination.endpoint.name) ?? 1,
    inFlight: destination.standing.inFlight,
    share: destination.standing.shareAt(nowMs),
  }));
  return ordered(candidates, pool.choose, random).map(({ destination }) => destination);
}
