import type { History, SeenRequest } from "../admin/api/shapes/live.ts";
import type { Live, Looked, Looking } from "../admin/sources.ts";
import { historyOf, summed } from "./history.ts";
import type { OrderName, Orders } from "./orders.ts";

/** Gives every worker that serves an order; those that do not answer are left out. */
type AskAll = <N extends OrderName>(
  name: N,
  about: Orders[N]["about"],
) => Promise<readonly Orders[N]["answer"][]>;

/** The requests of all workers. What one had seen goes with it when it ends, and its successor begins with nothing. */
export class WorkerPoolLive implements Live {
  readonly #askAll: AskAll;

  constructor(askAll: AskAll) {
    this.#askAll = askAll;
  }

  async look(looking: Looking): Promise<Looked> {
    return mergedLooks(await this.#askAll("look", looking), looking);
  }

  async latest(): Promise<ReadonlyMap<string, SeenRequest>> {
    const last = new Map<string, SeenRequest>();
    for (const latest of await this.#askAll("latest", undefined))
      for (const [endpoint, seen] of latest) {
        const other = last.get(endpoint);
        if (other === undefined || endOf(other) < endOf(seen)) last.set(endpoint, seen);
      }
    return last;
  }

  async history(endpoint: string | undefined): Promise<History> {
    return historyOf(summed(await this.#askAll("history", endpoint), Date.now()));
  }

  async stop(id: string): Promise<boolean> {
    return (await this.#askAll("stopRequest", id)).includes(true);
  }
}

/** What several workers show, as one would: the newest of all. */
function mergedLooks(looks: readonly Looked[], { since, most }: Looking): Looked {
  const ended = looks.flatMap((look) => look.ended).toSorted((a, b) => endOf(b) - endOf(a));
  const inFlight = looks.flatMap((look) => look.inFlight).toSorted((a, b) => startOf(b) - startOf(a));
  const sum = (of: (look: Looked) => number): number => looks.reduce((total, look) => total + of(look), 0);
  const cut = since === undefined ? 0 : Math.max(0, ended.length - most);
  return {
    at: new Date().toISOString(),
    lastHour: {
      requests: sum((look) => look.lastHour.requests),
      errors: sum((look) => look.lastHour.errors),
    },
    ended: ended.slice(0, most),
    leftOut: cut + sum((look) => look.leftOut),
    inFlight: inFlight.slice(0, most),
    inFlightCount: sum((look) => look.inFlightCount),
    // A worker that was late keeps its place: what it did meanwhile is shown when it answers again.
    cursor: Object.assign({}, since, ...looks.map((look) => look.cursor)) as Looked["cursor"],
  };
}

const startOf = ({ startedAt }: SeenRequest): number => Date.parse(startedAt);
const endOf = (request: SeenRequest): number => startOf(request) + request.durationMs;
