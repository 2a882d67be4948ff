import type { SeenRequest } from "../../api/shapes/live.ts";

/** What tells how a request ended, or that it has not. */
type Ending = Pick<SeenRequest, "outcome" | "status" | "code">;

/** Errors that say more than the phase in which they happened; within an answer, the phase says more. */
const byCode: Readonly<Record<string, string>> = {
  upstream_name_unknown: "endpoint's host not found",
  upstream_refused: "endpoint not reachable",
  upstream_connect_timeout: "endpoint too slow to connect",
  upstream_untrusted: "endpoint's certificate not trusted",
  upstream_tls_failed: "TLS handshake failed",
  upstream_closed: "endpoint closed the connection",
  upstream_malformed: "endpoint did not speak HTTP",
  client_certificate_required: "endpoint wants a certificate",
  client_certificate_rejected: "endpoint refused the certificate",
  client_certificate_expired: "endpoint: certificate expired",
  credential_missing: "credential not in the vault",
  credential_expired: "certificate expired",
  endpoint_not_ready: "endpoint not ready",
  endpoints_paused: "every endpoint asked for a pause",
  local_key_required: "refused: no local key",
  local_key_unknown: "refused: unknown local key",
  local_key_forbids: "refused: not for this key",
  local_limit_reached: "refused: limit used up",
  model_unknown: "refused: unknown model",
  model_missing: "refused: no model named",
  host_not_allowed: "refused: foreign host name",
  origin_not_allowed: "refused: from a web page",
  body_too_large: "refused: body too large",
};

const byOutcome: Readonly<Record<string, string>> = {
  done: "done",
  "postern-request": "refused by Postern",
  "postern-internal": "error of Postern's own",
  "client-request": "client left while sending",
  "client-connect": "client left while connecting",
  "client-wait": "client left while waiting",
  "client-stream": "client left while streaming",
  "upstream-connect": "endpoint not reachable",
  "upstream-wait": "endpoint hung up unanswered",
  "upstream-stream": "endpoint broke off midway",
  "timeout-request": "client too slow to send",
  "timeout-connect": "endpoint too slow to connect",
  "timeout-wait": "endpoint too slow to answer",
  "timeout-stream": "endpoint fell silent midway",
};

/** How a request ended, as people say it. */
export function endingText({ outcome = "", status = 0, code = "" }: Ending): string {
  if (outcome.startsWith("operator-")) return "stopped here";
  if (outcome.startsWith("shutdown-")) return "Postern shut down";
  if (outcome === "done" && status >= 400) return `endpoint answered ${status}`;
  const precise = outcome.endsWith("-stream") ? undefined : byCode[code];
  return precise ?? byOutcome[outcome] ?? outcome;
}

/** Whether it was no complete answer, or one that says itself that something is wrong; the API counts likewise. */
export const isError = ({ outcome, status = 0 }: Ending): boolean => outcome !== "done" || status >= 400;

/** A client that left has what it wanted, and nobody need look after it. */
export function toneOf(ending: Ending): "good" | "warn" | "bad" | "quiet" {
  const { outcome = "", status } = ending;
  if (/^(?:client|operator)-/.test(outcome)) return "quiet";
  if (!isError(ending)) return "good";
  return status === 429 ? "warn" : "bad";
}
