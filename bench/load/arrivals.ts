import type { Socket } from "node:net";
import { clockUs } from "../event.ts";
import { quantile } from "../statistics.ts";
import { AnswerReader } from "./answer.ts";
import { dialerOf } from "./dial.ts";
import { requestBytes, type Target } from "./target.ts";

/** Requests at a fixed rate, whatever the answers take: autocannon would send each second's all at its beginning. */
export interface ArrivalsJob {
  readonly kind: "arrivals";
  readonly target: Target;
  readonly perSecond: number;
  readonly warmSeconds: number;
  readonly seconds: number;
}

export interface ArrivalsResult {
  /** From the request's sending to the first byte of its answer. */
  readonly p50Us: number;
  readonly p99Us: number;
}

/** A tick that comes late sends this many; the others are left out, for it is the load that was late. */
const atOnceAtMost = 5;
/** More requests than this in flight mean that the contender does not keep up with the rate. */
const inFlightAtMost = 200;

export function loadArrivals(job: ArrivalsJob): Promise<ArrivalsResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ArrivalsResult>();
  const request = requestBytes(job.target, "answer");
  const dial = dialerOf(job.target);
  const idle: Caller[] = [];
  const all: Caller[] = [];
  const waitsUs: number[] = [];
  const beginUs = clockUs();
  const warmUntilUs = beginUs + job.warmSeconds * 1e6;
  const endUs = warmUntilUs + job.seconds * 1e6;
  let sent = 0;

  const finish = (error?: Error): void => {
    clearInterval(timer);
    for (const caller of all) caller.socket.destroy();
    if (error !== undefined) return reject(error);
    const waits = Float64Array.from(waitsUs);
    resolve({ p50Us: quantile(waits, 0.5), p99Us: quantile(waits, 0.99) });
  };
  const timer = setInterval(() => {
    const nowUs = clockUs();
    if (nowUs > endUs) return finish();
    const due = Math.trunc(((nowUs - beginUs) / 1e6) * job.perSecond);
    for (sent = Math.max(sent, due - atOnceAtMost); sent < due; sent += 1) {
      const caller = idle.pop() ?? new Caller(dial(), finish);
      if (caller.fresh) all.push(caller);
      if (all.length > inFlightAtMost)
        return finish(new Error(`more than ${inFlightAtMost} requests in flight at ${job.perSecond}/s`));
      caller.ask(request, (waitUs) => {
        idle.push(caller);
        if (clockUs() > warmUntilUs) waitsUs.push(waitUs);
      });
    }
  }, 1);
  return promise;
}

/** One connection, with at most one request on it. */
class Caller {
  readonly socket: Socket;
  fresh = true;
  #askedUs = 0;
  #waitUs = 0;
  #answered: (waitUs: number) => void = () => {};

  constructor(socket: Socket, failed: (error: Error) => void) {
    this.socket = socket;
    const reader = new AnswerReader({ payload: () => {}, end: () => this.#answered(this.#waitUs) });
    socket.on("error", failed);
    socket.on("data", (bytes: Buffer) => {
      if (this.#waitUs === 0) this.#waitUs = clockUs() - this.#askedUs;
      try {
        reader.feed(bytes);
      } catch (error) {
        failed(error as Error);
      }
    });
  }

  ask(request: Buffer, answered: (waitUs: number) => void): void {
    this.fresh = false;
    this.#answered = answered;
    this.#waitUs = 0;
    this.#askedUs = clockUs();
    this.socket.write(request);
  }
}
