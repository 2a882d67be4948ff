import type { SeenRequest } from "../admin/api/shapes/live.ts";
import { tokensPerSecondOf } from "../gateway/live/hour.ts";
import type { RequestRecord } from "../gateway/record.ts";

/**
 * What is shown of a request.
 *
 * @param run names the process that it is of
 * @param nowMs by the clock of its record
 */
export function seenOf(record: RequestRecord, run: string, nowMs: number): SeenRequest {
  const { startedMs } = record;
  const since = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : Math.max(0, Math.round((ms - startedMs) * 10) / 10);
  const speed = tokensPerSecondOf(record);
  return {
    id: `${run}-${record.number}`,
    requestId: record.id,
    startedAt: new Date(record.startedAt).toISOString(),
    durationMs: since(record.endedMs ?? nowMs) ?? 0,
    endpoint: record.endpoint,
    model: record.model?.slice(0, 200),
    method: record.method,
    path: record.path.slice(0, 200),
    localKey: record.localKey,
    status: record.status === 0 ? undefined : record.status,
    outcome: record.outcome,
    code: record.code,
    tried: [...record.tried],
    cache: record.cache,
    sentBytes: record.sentBytes,
    receivedBytes: record.receivedBytes,
    inputTokens: record.usage?.inputTokens,
    outputTokens: record.usage?.outputTokens,
    tokensPerSecond: speed === undefined ? undefined : Math.round(speed * 10) / 10,
    timeline: {
      queueMs: since(record.dispatchedMs),
      connectMs: since(record.connectedMs),
      firstByteMs: since(record.firstByteMs),
      firstTokenMs: since(record.firstTokenMs),
    },
  };
}
