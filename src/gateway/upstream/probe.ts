import type { Logger } from "pino";
import type { ProbeConfig } from "../../config/config.ts";
import { reasonOf } from "../../errors.ts";
import { type Destination, openWay } from "../directory.ts";
import { fetchFrom } from "./fetch.ts";
import { limits } from "../limits.ts";

/** Asks one endpoint from time to time whether all is well, with the credentials that it has then. */
export class Probe {
  readonly #config: ProbeConfig;
  readonly #log: Logger;
  readonly #ways: number;
  #destination: Destination;
  /** Over what it was asked when it failed, if it did so the last time. */
  #failing: Destination["way"] | undefined;
  /** Until it is asked again; absent while it is asked. */
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(destination: Destination, config: ProbeConfig, log: Logger) {
    this.#destination = destination;
    this.#ways = destination.standing.ways;
    this.#config = config;
    this.#log = log;
  }

  /** Asks for the first time now. */
  static start(destination: Destination, config: ProbeConfig, log: Logger): Probe {
    const probe = new Probe(destination, config, log);
    void probe.#ask();
    return probe;
  }

  /** Whether the endpoint is still asked the same, over connections that are made as they were when this began. */
  suits({ standing }: Destination, { path, everyMs }: ProbeConfig): boolean {
    return path === this.#config.path && everyMs === this.#config.everyMs && standing.ways === this.#ways;
  }

  /** Goes on with the endpoint as it is now. That changes nothing of when it is asked, unless it fails. */
  goOn(destination: Destination): void {
    this.#destination = destination;
    if (this.#timer !== undefined && this.#mayBeWell) this.#askAfter(0);
  }

  /** What it says that is asked now is no longer heard. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** It failed with another credential than the one that is in force. */
  get #mayBeWell(): boolean {
    return this.#failing !== undefined && this.#failing !== this.#destination.way;
  }

  async #ask(): Promise<void> {
    this.#timer = undefined;
    const destination = this.#destination;
    const fault = await faultOf(destination, this.#config);
    if (this.#stopped) return;
    this.#failing = fault === undefined ? undefined : destination.way;
    // What it was asked with is not in force any more, or was no longer sent: that says nothing of the endpoint.
    if (this.#mayBeWell) return this.#askAfter(0);
    this.#tell(fault);
    this.#askAfter(this.#config.everyMs);
  }

  #tell(fault: string | undefined): void {
    const { endpoint, standing } = this.#destination;
    if (!standing.probed(fault === undefined, performance.now())) return;
    const about = { endpoint: endpoint.name, path: this.#config.path, reason: fault };
    if (fault === undefined) this.#log.info(about, "endpoint passes its probe again");
    else this.#log.warn(about, "endpoint fails its probe; others that serve its models are asked first");
  }

  #askAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), ms).unref();
  }
}

/** What is wrong with an endpoint, by its probe. */
async function faultOf(destination: Destination, { path }: ProbeConfig): Promise<string | undefined> {
  try {
    const { status } = await fetchFrom(openWay(destination, Date.now()), path, limits.probeMs);
    return status >= 200 && status < 300 ? undefined : `it answers ${status}`;
  } catch (error) {
    return reasonOf(error);
  }
}
