import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Directory } from "./directory.ts";
import type { RequestRecord } from "./record.ts";
import { Upstream } from "./upstream.ts";

/** Every metric of ours: docs/metrics.md lists the same, which a test holds. Labels never hold text of a client. */
export const metricNames = {
  requests: "postern_requests_total",
  inFlight: "postern_requests_in_flight",
  firstByte: "postern_time_to_first_byte_seconds",
  stream: "postern_stream_duration_seconds",
  sent: "postern_sent_bytes_total",
  received: "postern_received_bytes_total",
  connections: "postern_upstream_connections",
  certificateExpiry: "postern_certificate_expiry_seconds",
  reloads: "postern_configuration_reloads_total",
  reloadOk: "postern_configuration_last_reload_successful",
} as const;

/** From what a cached answer takes to what a deployment takes that wakes from zero. */
const firstByteBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const streamBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];

/** The label for requests that were refused before an endpoint was chosen. */
const noEndpoint = "";

export interface Metrics {
  readonly registry: Registry;
  routed(endpoint: string): void;
  ended(record: RequestRecord): void;
  reloaded(ok: boolean): void;
}

/** Makes the metrics of one gateway; `directory` is asked when they are read. */
export function createMetrics(directory: () => Directory): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: metricNames.requests,
    help: "Requests that ended, by endpoint, status and outcome.",
    labelNames: ["endpoint", "status", "outcome"],
    registers,
  });
  const inFlight = new Gauge({
    name: metricNames.inFlight,
    help: "Requests on their way to or from an endpoint.",
    labelNames: ["endpoint"],
    registers,
  });
  const firstByte = new Histogram({
    name: metricNames.firstByte,
    help: "Time from a request's head to its answer's head.",
    labelNames: ["endpoint"],
    buckets: firstByteBuckets,
    registers,
  });
  const stream = new Histogram({
    name: metricNames.stream,
    help: "Time from an answer's head to its end.",
    labelNames: ["endpoint"],
    buckets: streamBuckets,
    registers,
  });
  const sent = new Counter({
    name: metricNames.sent,
    help: "Bytes of request bodies sent to endpoints.",
    labelNames: ["endpoint"],
    registers,
  });
  const received = new Counter({
    name: metricNames.received,
    help: "Bytes of answers' bodies received from endpoints.",
    labelNames: ["endpoint"],
    registers,
  });
  const reloads = new Counter({
    name: metricNames.reloads,
    help: "Reloads of configuration or vault, by result.",
    labelNames: ["result"],
    registers,
  });
  const reloadOk = new Gauge({
    name: metricNames.reloadOk,
    help: "1 when the last reload was applied, 0 when the last good state stays in force.",
    registers,
  });
  reloadOk.set(1);

  const connections = new Gauge({
    name: metricNames.connections,
    help: "Connections to endpoints, by state.",
    labelNames: ["endpoint", "state"],
    registers: [],
    collect() {
      this.reset();
      for (const { endpoint, way } of directory().destinations.values()) {
        const { open, idle } = way instanceof Upstream ? way.connections : { open: 0, idle: 0 };
        this.set({ endpoint: endpoint.name, state: "busy" }, open - idle);
        this.set({ endpoint: endpoint.name, state: "idle" }, idle);
      }
    },
  });
  const certificateExpiry = new Gauge({
    name: metricNames.certificateExpiry,
    help: "Seconds until the client certificate of an endpoint expires; negative after it.",
    labelNames: ["endpoint", "item"],
    registers: [],
    collect() {
      this.reset();
      for (const { endpoint, way } of directory().destinations.values()) {
        const identity = way instanceof Upstream ? way.attachment.identity : undefined;
        if (identity !== undefined)
          this.set(
            { endpoint: endpoint.name, item: identity.item },
            Math.round((identity.expires.getTime() - Date.now()) / 1000),
          );
      }
    },
  });

  for (const gauge of [connections, certificateExpiry]) registry.registerMetric(gauge);

  return {
    registry,
    routed: (endpoint) => inFlight.inc({ endpoint }),
    ended(record) {
      const endpoint = record.endpoint ?? noEndpoint;
      requests.inc({
        endpoint,
        status: String(record.status),
        outcome: record.outcome ?? "postern-internal",
      });
      if (record.endpoint === undefined) return;
      inFlight.dec({ endpoint });
      sent.inc({ endpoint }, record.sentBytes);
      received.inc({ endpoint }, record.receivedBytes);
      if (record.firstByteMs === undefined) return;
      firstByte.observe({ endpoint }, (record.firstByteMs - record.startedMs) / 1000);
      stream.observe({ endpoint }, ((record.endedMs ?? record.firstByteMs) - record.firstByteMs) / 1000);
    },
    reloaded(ok) {
      reloads.inc({ result: ok ? "applied" : "refused" });
      reloadOk.set(ok ? 1 : 0);
    },
  };
}
