import type { Outcome } from "./outcome.ts";

/** What is known of one request: for its log line and the metrics. It holds no header and no body. */
export interface RequestRecord {
  readonly id: string;
  readonly method: string;
  /** `performance.now()` when the request's head had been read. */
  readonly startedMs: number;
  endpoint: string | undefined;
  model: string | undefined;
  /** Of the answer to the client; 0 when none was sent. */
  status: number;
  outcome: Outcome | undefined;
  /** The code of the error that the request ended in. */
  code: string | undefined;
  connectedMs: number | undefined;
  firstByteMs: number | undefined;
  endedMs: number | undefined;
  /** Of the request's body, sent to the endpoint. */
  sentBytes: number;
  /** Of the answer's body, received from the endpoint. */
  receivedBytes: number;
}

export function beginRecord(id: string, method: string, nowMs: number): RequestRecord {
  return {
    id,
    method,
    startedMs: nowMs,
    endpoint: undefined,
    model: undefined,
    status: 0,
    outcome: undefined,
    code: undefined,
    connectedMs: undefined,
    firstByteMs: undefined,
    endedMs: undefined,
    sentBytes: 0,
    receivedBytes: 0,
  };
}

const round = (ms: number): number => Math.round(ms * 10) / 10;

/** The fields of the request's log line. Times are milliseconds since the request's head. */
export function logFields(record: RequestRecord): Record<string, unknown> {
  const { startedMs, connectedMs, firstByteMs, endedMs } = record;
  const since = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : round(ms - startedMs);
  return {
    requestId: record.id,
    endpoint: record.endpoint,
    model: record.model?.slice(0, 200),
    method: record.method,
    status: record.status === 0 ? undefined : record.status,
    outcome: record.outcome,
    code: record.code,
    connectMs: since(connectedMs),
    firstByteMs: since(firstByteMs),
    durationMs: since(endedMs),
    sentBytes: record.sentBytes,
    receivedBytes: record.receivedBytes,
  };
}
