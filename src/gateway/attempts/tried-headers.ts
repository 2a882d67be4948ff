import type { RequestRecord } from "../record.ts";

/**
 * The headers that tell whose answer, or error, a client gets of several endpoints, and what was tried in vain before.
 * They say no more than the request's line in the log: names of endpoints, statuses and codes.
 */
export function triedHeaders({ shared, endpoint, tried }: RequestRecord): readonly string[] {
  if (!shared) return [];
  const whose = endpoint === undefined ? [] : ["X-Postern-Endpoint", endpoint];
  return tried.length === 0 ? whose : [...whose, "X-Postern-Tried", tried.join(", ")];
}
