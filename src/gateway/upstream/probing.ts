import type { Logger } from "pino";
import type { ProbeConfig } from "../../config/config.ts";
import { reasonOf } from "../../errors.ts";
import { type Destination, type Directory, openWay } from "../directory.ts";
import { fetchFrom } from "./fetch.ts";
import { limits } from "../limits.ts";

/**
 * Asks endpoints that have a `probe:` from time to time whether all is well, with their own credentials. One that does
 * not answer 2xx is asked last until it does again.
 */
export class Probing {
  readonly #log: Logger;
  #stop = new AbortController();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Probes the endpoints of this directory from now on, and those of no other; each at once, the first time. */
  follow(directory: Directory): void {
    this.stop();
    this.#stop = new AbortController();
    for (const destination of directory.destinations.values()) {
      const { endpoint, standing } = destination;
      // What a probe said that the file has no more counts no more.
      if (endpoint.probe === undefined) standing.probed(true, performance.now());
      else void this.#probe(destination, endpoint.probe, this.#stop.signal);
    }
  }

  /** What a probe that is under way says is no longer heard. */
  stop(): void {
    this.#stop.abort();
  }

  async #probe(destination: Destination, probe: ProbeConfig, stopped: AbortSignal): Promise<void> {
    const fault = await faultOf(destination, probe);
    if (stopped.aborted) return;
    const { endpoint, standing } = destination;
    if (standing.probed(fault === undefined, performance.now())) {
      const about = { endpoint: endpoint.name, path: probe.path, reason: fault };
      if (fault === undefined) this.#log.info(about, "endpoint passes its probe again");
      else this.#log.warn(about, "endpoint fails its probe; others that serve its models are asked first");
    }
    const timer = setTimeout(() => void this.#probe(destination, probe, stopped), probe.everyMs).unref();
    stopped.addEventListener("abort", () => clearTimeout(timer), { once: true });
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
