import type { Metric, Registry } from "prom-client";
import type { Distribution } from "./cells.ts";

/** What a metric shows, each value with its labels. */
export type Values = Iterable<
  readonly [labels: Readonly<Record<string, string>>, value: number | Distribution]
>;

/** One metric as it stands now. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** What becomes of the figures of several processes. */
  readonly across: "sum" | "max" | "min";
  readonly read: () => Values;
}

/** A sample as prom-client writes it; `metricName` where it is not the family's. */
interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/**
 * A registry of prom-client that reads these families whenever it is read, with prom-client's own metrics of the
 * process beside them. What is counted does not pass through prom-client, so that it is loaded only here: a process
 * whose metrics nobody reads does without it.
 */
export async function registryOf(families: readonly Family[]): Promise<Registry> {
  const { default: client } = await import("prom-client");
  const registry = new client.Registry();
  client.collectDefaultMetrics({ register: registry });
  for (const family of families) registry.registerMetric(metricOf(family));
  return registry;
}

/** What a registry asks of a metric, as prom-client's own AggregatorRegistry makes them of plain values. */
function metricOf({ name, help, type, across, read }: Family): Metric {
  const get = (): Promise<object> =>
    Promise.resolve({ name, help, type, aggregator: across, values: [...samplesOf(name, read())] });
  // The type names prom-client's four classes only.
  return { name, help, type, aggregator: across, get, reset: () => {} } as unknown as Metric;
}

function* samplesOf(name: string, values: Values): Iterable<Sample> {
  for (const [labels, value] of values)
    if (typeof value === "number") yield { labels, value };
    else {
      let count = 0;
      for (const [bucket, inBucket] of value.counts.entries()) {
        count += inBucket;
        const le = value.bounds[bucket] ?? "+Inf";
        yield { labels: { ...labels, le }, value: count, metricName: `${name}_bucket` };
      }
      yield { labels, value: value.sum, metricName: `${name}_sum` };
      yield { labels, value: count, metricName: `${name}_count` };
    }
}
