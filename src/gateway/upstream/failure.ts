import { formatDuration } from "../../config/quantities.ts";
import type { EndpointConfig } from "../../config/config.ts";
import { type PosternError, problem, reasonOf } from "../../errors.ts";
import type { Attachment } from "./attach.ts";
import { WireError } from "./response-reader.ts";

/** How far an exchange with an endpoint had come. */
export type Phase = "connect" | "wait" | "stream";

/** A phase took longer than the endpoint's `timeouts` allow. */
export class PhaseTimeout extends Error {
  /** The endpoint took no more of the request, which had not been sent whole. */
  readonly sending: boolean;

  constructor(sending = false) {
    super("timed out");
    this.sending = sending;
  }
}

/** The endpoint ended the connection without an error of its own. */
export class ClosedEarly extends Error {
  constructor() {
    super("connection closed");
  }
}

/** Why an exchange failed, for the client, the log and the metrics. */
export interface Failure {
  readonly phase: Phase;
  /** `postern` where nothing may be sent, and nothing was. */
  readonly by: "upstream" | "timeout" | "postern";
  readonly error: PosternError;
  /** The endpoint had taken all that there was of the request, and its client had more to send. */
  readonly bodyAwaited: boolean;
}

/** What is known of the connection on which an exchange failed. */
export interface Circumstances {
  readonly endpoint: EndpointConfig;
  readonly attachment: Attachment;
  readonly phase: Phase;
  /** The server's certificate was looked at and found wanting: Node's code for it. */
  readonly untrusted: string | undefined;
  /** No answer had ever come on this connection. */
  readonly fresh: boolean;
}

/** TLS alerts that speak of the client's certificate (RFC 8446 §6). */
const alerts: Record<number, "required" | "rejected" | "expired"> = {
  42: "rejected", // bad_certificate
  43: "rejected", // unsupported_certificate
  44: "rejected", // certificate_revoked
  45: "expired", // certificate_expired
  46: "rejected", // certificate_unknown
  48: "rejected", // unknown_ca
  49: "rejected", // access_denied
  116: "required", // certificate_required
};

function alertOf(cause: Error): number | undefined {
  const match = /SSL alert number ([0-9]+)/.exec(cause.message);
  return match === null ? undefined : Number(match[1]);
}

/** Of the errors of several addresses (happy eyeballs), the first. */
function firstOf(cause: unknown): Error {
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0];
  return cause instanceof Error ? cause : new Error(String(cause));
}

function timeoutError({ sending }: PhaseTimeout, { endpoint, phase }: Circumstances): PosternError {
  const { name, timeouts } = endpoint;
  const silent = (during: string): PosternError =>
    problem("upstream_idle_timeout", { endpoint: name, after: formatDuration(timeouts.idleMs), during });
  if (phase === "connect")
    return problem("upstream_connect_timeout", { endpoint: name, after: formatDuration(timeouts.connectMs) });
  if (phase === "wait" && sending) return silent("while the request was sent to it");
  if (phase === "wait")
    return problem("upstream_first_byte_timeout", {
      endpoint: name,
      after: formatDuration(timeouts.firstByteMs),
    });
  return silent("in the middle of its answer");
}

function tlsError(cause: Error, around: Circumstances): PosternError | undefined {
  const { endpoint, attachment, untrusted } = around;
  if (untrusted !== undefined)
    return problem(
      "upstream_untrusted",
      { endpoint: endpoint.name, reason: trustReason(untrusted, cause) },
      cause,
    );
  const alert = alertOf(cause);
  if (alert === undefined) return undefined;
  const item = attachment.identity?.item;
  // TLS 1.2 servers say only handshake_failure (40) when no certificate came.
  const verdict = alert === 40 && item === undefined ? "required" : alerts[alert];
  if (verdict === undefined) return undefined;
  if (item === undefined) return problem("client_certificate_required", { endpoint: endpoint.name }, cause);
  if (verdict === "expired")
    return problem("client_certificate_expired", { endpoint: endpoint.name, item }, cause);
  return problem("client_certificate_rejected", { endpoint: endpoint.name, item }, cause);
}

function trustReason(code: string, cause: Error): string {
  const known: Record<string, string> = {
    CERT_HAS_EXPIRED: "it has expired",
    CERT_NOT_YET_VALID: "it is not valid yet",
    DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
    SELF_SIGNED_CERT_IN_CHAIN: "its CA is not known here",
    UNABLE_TO_GET_ISSUER_CERT: "its CA is not known here",
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its CA is not known here",
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its CA is not known here",
    ERR_TLS_CERT_ALTNAME_INVALID: "it is for another host",
  };
  return known[code] ?? reasonOf(cause);
}

/**
 * The endpoint ended the connection. Some servers (Node's among them) refuse a client certificate under TLS 1.3 without
 * an alert: they close the connection after the handshake. That cannot be told from a crash, so the words say both.
 */
function closedError(cause: Error, { attachment, endpoint, fresh, phase }: Circumstances): PosternError {
  const reason = reasonOf(cause);
  const details = {
    endpoint: endpoint.name,
    fix: "try again; if it stays so, look at the deployment's own logs",
  };
  if (!fresh || !endpoint.origin.startsWith("https:"))
    return problem("upstream_closed", { ...details, reason }, cause);
  const when = `${reason} ${phase === "connect" ? "during" : "right after"} the TLS handshake`;
  const item = attachment.identity?.item;
  if (item === undefined)
    return problem(
      "upstream_closed",
      {
        endpoint: endpoint.name,
        reason: `${when}, as servers do that demand a client certificate`,
        fix: "if it demands one, add it: postern vault add certificate NAME --pem FILE, then name it under the endpoint's credentials:",
      },
      cause,
    );
  return problem(
    "upstream_closed",
    {
      endpoint: endpoint.name,
      reason: `${when}, as servers do that do not accept the client certificate ("${item}")`,
      fix: "check that its CA was given to this deployment; if it was, try again, and look at the deployment's own logs",
    },
    cause,
  );
}

/** Tells apart why an exchange failed. */
export function failureOf(thrown: unknown, around: Circumstances, bodyAwaited = false): Failure {
  const cause = firstOf(thrown);
  const by = cause instanceof PhaseTimeout ? "timeout" : "upstream";
  return { phase: around.phase, by, error: errorOf(cause, around), bodyAwaited };
}

function errorOf(cause: Error, around: Circumstances): PosternError {
  const { endpoint, phase } = around;
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const { host } = new URL(endpoint.origin);
  if (cause instanceof PhaseTimeout) return timeoutError(cause, around);
  const tls = tlsError(cause, around);
  if (tls !== undefined) return tls;
  if (cause instanceof WireError)
    return problem("upstream_malformed", { endpoint: endpoint.name, reason: cause.message }, cause);
  // Closed while TLS was being set up: TLS 1.2 servers judge the client's certificate within the handshake.
  const inHandshake =
    phase === "connect" && (cause instanceof ClosedEarly || code === "ECONNRESET" || code === "EPIPE");
  if (phase !== "connect" || inHandshake) return closedError(cause, around);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return problem("upstream_name_unknown", { endpoint: endpoint.name, host }, cause);
  if (
    code === "EPROTO" ||
    code.startsWith("ERR_SSL") ||
    code.startsWith("ERR_TLS") ||
    code.startsWith("ERR_OSSL")
  )
    return problem("upstream_tls_failed", { endpoint: endpoint.name, reason: tlsReason(cause) }, cause);
  return problem("upstream_refused", { endpoint: endpoint.name, host, reason: reasonOf(cause) }, cause);
}

/** OpenSSL's own words out of `error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/…`. */
function tlsReason(cause: Error): string {
  const words = /:SSL routines:[^:]*:([^:]+)/.exec(cause.message)?.[1];
  return words ?? reasonOf(cause);
}
