import type { Distribution } from "./cells.ts";
import type { Destination } from "../directory.ts";
import type { Family, Values } from "./exposition.ts";
import { modelFamilies } from "./model-families.ts";
import type { EndpointTally, KeyTally } from "./tally.ts";
import { Upstream } from "../upstream/upstream.ts";

/** The part of a directory that metrics are made of. */
export interface KnownEndpoints {
  readonly destinations: ReadonlyMap<string, Pick<Destination, "endpoint" | "way" | "standing">>;
}

/** What the metrics are made of. */
export interface Sources {
  /** By endpoint; what was refused before an endpoint was chosen stands under the empty name. */
  readonly endpoints: Iterable<readonly [endpoint: string, tally: EndpointTally]>;
  /** By the name of a local key; what was refused for want of a known one stands under the empty name. */
  readonly keys: Iterable<readonly [key: string, tally: KeyTally]>;
  readonly reloads: Iterable<readonly [result: string, count: number]>;
  readonly reloadOk: () => boolean;
  readonly directory: () => KnownEndpoints;
  /** What the caches of endpoints hold now, in bytes. */
  readonly cacheBytes: () => Iterable<readonly [endpoint: string, bytes: number]>;
}

/** Every metric of ours with its help, unit and labels; docs/metrics.md lists the same, which a test holds. */
export function familiesOf(sources: Sources): readonly Family[] {
  return [
    ...requestFamilies(sources),
    ...choiceFamilies(sources),
    ...connectionFamilies(sources),
    ...cacheFamilies(sources),
    ...localKeyFamilies(sources),
    ...reloadFamilies(sources),
    ...modelFamilies(sources.endpoints),
  ];
}

function requestFamilies({ endpoints }: Pick<Sources, "endpoints">): readonly Family[] {
  return [
    {
      name: "postern_requests_total",
      help: "Requests that ended, by endpoint, status and outcome.",
      type: "counter",
      across: "sum",
      *read() {
        for (const [endpoint, { requests }] of endpoints)
          for (const [outcome, statuses] of requests)
            for (const [status, count] of statuses)
              yield [{ endpoint, status: String(status), outcome }, count];
      },
    },
    {
      name: "postern_requests_in_flight",
      help: "Requests on their way to or from an endpoint.",
      type: "gauge",
      across: "sum",
      read: perEndpoint(endpoints, ({ inFlight }) => inFlight),
    },
    {
      name: "postern_time_to_first_byte_seconds",
      help: "Time from a request's head to its answer's head.",
      type: "histogram",
      across: "sum",
      read: perEndpoint(endpoints, ({ firstByte }) => firstByte),
    },
    {
      name: "postern_stream_duration_seconds",
      help: "Time from an answer's head to its end.",
      type: "histogram",
      across: "sum",
      read: perEndpoint(endpoints, ({ stream }) => stream),
    },
    {
      name: "postern_sent_bytes_total",
      help: "Bytes of request bodies sent to endpoints.",
      type: "counter",
      across: "sum",
      read: perEndpoint(endpoints, ({ sentBytes }) => sentBytes),
    },
    {
      name: "postern_received_bytes_total",
      help: "Bytes of answers' bodies received from endpoints.",
      type: "counter",
      across: "sum",
      read: perEndpoint(endpoints, ({ receivedBytes }) => receivedBytes),
    },
  ];
}

/** What the choice between several endpoints made of them. */
function choiceFamilies({
  endpoints,
  directory,
}: Pick<Sources, "endpoints" | "directory">): readonly Family[] {
  return [
    {
      name: "postern_upstream_attempts_total",
      help: "Attempts to have a request answered by an endpoint, by how they ended.",
      type: "counter",
      across: "sum",
      read: counted(endpoints, ["endpoint", "result"], ({ attempts }) => attempts),
    },
    {
      name: "postern_endpoint_ejected",
      help: "1 while an endpoint is asked last for the models that others serve too, because it failed, else 0.",
      type: "gauge",
      across: "max",
      *read() {
        for (const { endpoint, standing } of directory().destinations.values())
          yield [{ endpoint: endpoint.name }, standing.shareAt(performance.now()) === 0 ? 1 : 0];
      },
    },
  ];
}

function connectionFamilies({ directory }: Pick<Sources, "directory">): readonly Family[] {
  return [
    {
      name: "postern_upstream_connections",
      help: "Connections to endpoints, by state.",
      type: "gauge",
      across: "sum",
      *read() {
        for (const { endpoint, way } of directory().destinations.values()) {
          const { open, idle } = way instanceof Upstream ? way.connections : { open: 0, idle: 0 };
          yield [{ endpoint: endpoint.name, state: "busy" }, open - idle];
          yield [{ endpoint: endpoint.name, state: "idle" }, idle];
        }
      },
    },
    {
      name: "postern_certificate_expiry_seconds",
      help: "Seconds until the client certificate of an endpoint expires; negative after it.",
      type: "gauge",
      across: "min",
      *read() {
        for (const { endpoint, way } of directory().destinations.values()) {
          const identity = way instanceof Upstream ? way.attachment.identity : undefined;
          if (identity === undefined) continue;
          const seconds = Math.round((identity.expires.getTime() - Date.now()) / 1000);
          yield [{ endpoint: endpoint.name, item: identity.item }, seconds];
        }
      },
    },
  ];
}

function cacheFamilies({
  endpoints,
  cacheBytes,
}: Pick<Sources, "endpoints" | "cacheBytes">): readonly Family[] {
  return [
    {
      name: "postern_cache_requests_total",
      help: "Requests to endpoints with a cache, by what it did for them.",
      type: "counter",
      across: "sum",
      read: counted(endpoints, ["endpoint", "result"], ({ cache }) => cache),
    },
    {
      name: "postern_cache_bytes",
      help: "Bytes of answers that are kept in memory.",
      type: "gauge",
      across: "sum",
      *read() {
        for (const [endpoint, bytes] of cacheBytes()) yield [{ endpoint }, bytes];
      },
    },
  ];
}

function localKeyFamilies({ keys }: Pick<Sources, "keys">): readonly Family[] {
  return [
    {
      name: "postern_local_key_requests_total",
      help: "Requests that ended, by local key.",
      type: "counter",
      across: "sum",
      *read() {
        for (const [key, { requests }] of keys) if (key !== "") yield [{ key }, requests];
      },
    },
    {
      name: "postern_local_key_tokens_total",
      help: "Tokens that answers took, by local key; those from a cache take none.",
      type: "counter",
      across: "sum",
      read: counted(keys, ["key", "type"], ({ tokens }) => tokens),
    },
    {
      name: "postern_local_key_refusals_total",
      help: "Requests that were refused for their local key.",
      type: "counter",
      across: "sum",
      read: counted(keys, ["key", "reason"], ({ refusals }) => refusals),
    },
  ];
}

function reloadFamilies({ reloads, reloadOk }: Pick<Sources, "reloads" | "reloadOk">): readonly Family[] {
  return [
    {
      name: "postern_configuration_reloads_total",
      help: "Reloads of configuration or vault, by result.",
      type: "counter",
      // Every process reads the same files.
      across: "max",
      *read() {
        for (const [result, count] of reloads) yield [{ result }, count];
      },
    },
    {
      name: "postern_configuration_last_reload_successful",
      help: "1 when the last reload was applied, 0 when it was refused or applied only in part.",
      type: "gauge",
      across: "min",
      read: () => [[{}, reloadOk() ? 1 : 0]],
    },
  ];
}

function perEndpoint(
  endpoints: Sources["endpoints"],
  of: (tally: EndpointTally) => number | Distribution,
): () => Values {
  return function* () {
    for (const [endpoint, tally] of endpoints) if (endpoint !== "") yield [{ endpoint }, of(tally)];
  };
}

/** Counts by endpoint or local key, and by another label. */
function counted<Tally>(
  tallies: Iterable<readonly [name: string, tally: Tally]>,
  [whose, by]: readonly [whose: "endpoint" | "key", by: string],
  of: (tally: Tally) => Iterable<readonly [string, number]>,
): () => Values {
  return function* () {
    for (const [name, tally] of tallies)
      for (const [value, count] of of(tally)) yield [{ [whose]: name, [by]: value }, count];
  };
}
