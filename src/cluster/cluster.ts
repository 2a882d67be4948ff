import type { EndpointState, Live } from "../admin/sources.ts";
import type { Config } from "../config/config.ts";
import type { Sources } from "../config/sources.ts";
import type { Binding } from "../gateway/server.ts";

/** A configuration that was held against the vault, and what it was made from. */
export interface Checked {
  readonly config: Config;
  readonly sources: Sources;
}

/** How many processes serve, and how many are to. */
export interface WorkerCount {
  readonly serving: number;
  readonly wanted: number;
}

/** Those who serve the requests: this process itself (`ServingProcess`), or workers of it (`WorkerPool`). */
export interface Cluster {
  /**
   * Serves at every binding, or at none. Called once.
   *
   * @returns their addresses, in order
   * @throws PosternError address_in_use, address_unavailable, worker_failed
   */
  listen(bindings: readonly Binding[]): Promise<readonly string[]>;
  /**
   * Puts a configuration, and the vault as it is now, in force for new requests: at once, or, where others serve, by an
   * order that goes out at once. Resolves when it is in force everywhere, and each new source of tokens has answered or
   * taken its time; the next change need not wait for that.
   *
   * @throws PosternError worker_behind
   */
  apply(checked: Checked): Promise<void>;
  /** Counts a reload of configuration or vault by how it ended. */
  reloaded(ok: boolean): void;
  states(): Promise<readonly EndpointState[]>;
  /** All metrics, in Prometheus' text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** The requests of all who serve. */
  readonly live: Live;
  readonly workers: WorkerCount;
  /** Aborts, with the error as its reason, when nobody is left who serves, nor will be. */
  readonly lost: AbortSignal;
  /** Takes no more connections, lets what is in flight go on until `over` aborts, then ends all. */
  stop(over: AbortSignal): Promise<void>;
}
