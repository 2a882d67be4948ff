import { randomBytes } from "node:crypto";
import type { History, SeenRequest } from "../admin/api/shapes/live.ts";
import type { Live, Looked, Looking } from "../admin/sources.ts";
import { limits } from "../gateway/limits.ts";
import type { Counted, Traffic } from "../gateway/live/traffic.ts";
import type { RequestRecord } from "../gateway/record.ts";
import { historyOf } from "./history.ts";
import { seenOf } from "./seen.ts";

/** The requests of this process. */
export class ServingProcessLive implements Live {
  readonly #traffic: Traffic;
  /** Tells this process from every other one, those included that were here before it. */
  readonly #run = randomBytes(4).toString("hex");

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  async look({ since, most }: Looking): Promise<Looked> {
    const traffic = this.#traffic;
    const seen = since?.[this.#run] ?? 0;
    // Beyond what is remembered nobody knows, but that there was something.
    const ended = traffic.endedCount - seen;
    const kept = Math.min(ended, most, limits.seenRequests);
    return {
      at: new Date().toISOString(),
      lastHour: traffic.lastHourTotals(),
      ended: this.#shown(traffic.newestEnded(kept)),
      leftOut: since === undefined ? 0 : ended - kept,
      inFlight: this.#shown(traffic.newestInFlight(most)),
      inFlightCount: traffic.inFlightCount,
      cursor: { [this.#run]: traffic.endedCount },
    };
  }

  async latest(): Promise<ReadonlyMap<string, SeenRequest>> {
    return new Map(this.#shown(this.#traffic.latest()).map((seen) => [seen.endpoint ?? "", seen]));
  }

  async history(endpoint: string | undefined): Promise<History> {
    return historyOf(this.counted(endpoint));
  }

  counted(endpoint: string | undefined): Counted {
    return this.#traffic.lastHour(endpoint);
  }

  async stop(id: string): Promise<boolean> {
    const [run, number] = id.split("-");
    return run === this.#run && this.#traffic.stop(Number(number));
  }

  #shown(records: readonly RequestRecord[]): SeenRequest[] {
    const nowMs = performance.now();
    return records.map((record) => seenOf(record, this.#run, nowMs));
  }
}
