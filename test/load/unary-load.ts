import { setTimeout } from "node:timers/promises";
import { connect } from "../support/client.ts";
import type { Identity } from "./sightings.ts";

const pauseMs = 10;

const isOlder = (one: Identity, other: Identity | undefined): boolean =>
  other === undefined || one.certificate < other.certificate || one.token < other.token;

/** Clients that each send one request after the other over a connection that they keep, and read every answer whole. */
export class UnaryLoad {
  /** What went wrong, each with its request. */
  readonly failures: string[] = [];
  /** What the last request of each client came with. */
  readonly latest: Identity[];
  /** How long each answer took, in ms. */
  readonly latenciesMs: number[] = [];
  /** Resolves when all have ended, with how many requests they sent. */
  readonly over: Promise<number>;

  constructor(base: string, clients: number, signal: AbortSignal) {
    this.latest = Array.from({ length: clients }, () => ({ certificate: 0, token: 0 }));
    this.over = Promise.all(
      Array.from({ length: clients }, (_, number) => this.#work(base, number, signal)),
    ).then((counts) => counts.reduce((sum, count) => sum + count, 0));
  }

  async #work(base: string, number: number, signal: AbortSignal): Promise<number> {
    const client = await connect(base);
    let count = 0;
    try {
      for (; !signal.aborted; count += 1) {
        const target = `/v1/unary/${number}/${count}`;
        const body = JSON.stringify({ number, count });
        const sentMs = performance.now();
        client.send({ target: `/private${target}`, headers: ["Content-Type: application/json"], body });
        const { status, text, cut } = await client.answer();
        this.latenciesMs.push(performance.now() - sentMs);
        const answer =
          status === 200 && !cut ? (JSON.parse(text) as Identity & Record<string, unknown>) : undefined;
        if (answer?.["target"] !== target || answer["body"] !== body)
          this.failures.push(`${target}: ${status} ${text}`);
        else if (isOlder(answer, this.latest[number]))
          this.failures.push(`${target} came with an older credential than the request before it`);
        else this.latest[number] = answer;
        await setTimeout(pauseMs);
      }
    } catch (error) {
      this.failures.push(`client ${number}, request ${count}: ${String(error)}`);
    }
    client.leave();
    return count;
  }
}
