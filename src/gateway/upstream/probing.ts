import type { Logger } from "pino";
import type { Standing } from "../attempts/standing.ts";
import type { ProbeConfig } from "../../config/config.ts";
import type { Destination, Directory } from "../directory.ts";
import { Probe } from "./probe.ts";

/** The probes of those endpoints that have a `probe:`. One that does not answer it with 2xx is asked last until it does. */
export class Probing {
  readonly #log: Logger;
  #probes = new Map<Standing, Probe>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Probes the endpoints of this directory from now on, and those of no other: each at once, the first time, and then in
   * a rhythm that outlives reloads and rotations, as long as the endpoint is probed and connected to in the same way.
   */
  follow(directory: Directory): void {
    const before = this.#probes;
    this.#probes = new Map();
    for (const destination of directory.destinations.values()) {
      const { endpoint, standing } = destination;
      // What a probe said that the file has no more counts no more.
      if (endpoint.probe === undefined) standing.probed(true, performance.now());
      else this.#probes.set(standing, this.#probeOf(destination, endpoint.probe, before.get(standing)));
    }
    const kept = new Set(this.#probes.values());
    for (const probe of before.values()) if (!kept.has(probe)) probe.stop();
  }

  stop(): void {
    for (const probe of this.#probes.values()) probe.stop();
    this.#probes.clear();
  }

  #probeOf(destination: Destination, config: ProbeConfig, known: Probe | undefined): Probe {
    if (known?.suits(destination, config) !== true) return Probe.start(destination, config, this.#log);
    known.goOn(destination);
    return known;
  }
}
