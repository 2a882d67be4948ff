import type { Failure } from "../upstream/failure.ts";

// What may be sent again, and to another endpoint. A request that an endpoint may have carried out is not repeated,
// unless its method says that this makes no difference (RFC 9110 §9.2.2).

/** Statuses that say that the endpoint could not serve the request, and another may. */
export const retriedStatuses: ReadonlyMap<number, "429" | "502" | "503" | "504"> = new Map([
  [429, "429"],
  [502, "502"],
  [503, "503"],
  [504, "504"],
]);

const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Whether a request may be sent again after an exchange that failed before its answer. */
export function mayRepeat(method: string, { phase, error }: Failure): boolean {
  if (phase === "connect" || idempotent.has(method)) return true;
  // Under TLS 1.3 the endpoint refuses a client's certificate when the request is on its way already, unread.
  return phase === "wait" && error.code.startsWith("client_certificate_");
}
