import type { Registry } from "prom-client";

/** One metric of one process, as data. */
interface Sampled {
  readonly type?: unknown;
}
/** The metrics of one process, as data: what `Metrics.values` returns. */
export type Samples = readonly Sampled[];

/** Adds up several processes' metrics, each as its own `aggregator` says: most are summed. */
export async function merged(all: readonly Samples[]): Promise<Registry> {
  // Loaded here: a process whose metrics nobody reads does without it.
  const { AggregatorRegistry } = await import("prom-client");
  return AggregatorRegistry.aggregate(all.map((samples) => [...samples]));
}

/** The sums of what only ever rises: kept of a process that is gone, so that no counter falls with it. */
export async function counted(all: readonly Samples[]): Promise<Samples> {
  const samples: Samples = await (await merged(all)).getMetricsAsJSON();
  return samples.filter(({ type }) => type === "counter" || type === "histogram");
}
