import { upstream } from "./entry.ts";

/** The upstream. */
export const upstreamErrors = {
  upstream_name_unknown: upstream(502, true, (d: { endpoint: string; host: string }) => [
    `the host ${d.host} of the endpoint "${d.endpoint}" cannot be found (DNS)`,
    "check the endpoint's url: and this machine's DNS",
  ]),
  upstream_refused: upstream(502, true, (d: { endpoint: string; host: string; reason: string }) => [
    `the endpoint "${d.endpoint}" cannot be reached at ${d.host}: ${d.reason}`,
    "check that the deployment runs, and that this machine may reach it",
  ]),
  upstream_connect_timeout: upstream(504, true, (d: { endpoint: string; after: string }) => [
    `the endpoint "${d.endpoint}" did not accept a connection within ${d.after}`,
    "check the network, or raise timeouts.connect",
  ]),
  upstream_untrusted: upstream(502, false, (d: { endpoint: string; reason: string }) => [
    `the server certificate of the endpoint "${d.endpoint}" is not trusted: ${d.reason}`,
    "name the CA that signed it with the endpoint's ca:",
  ]),
  upstream_tls_failed: upstream(502, false, (d: { endpoint: string; reason: string }) => [
    `the TLS handshake with the endpoint "${d.endpoint}" failed: ${d.reason}`,
    "check that the url: names a TLS port; postern endpoint test shows each step",
  ]),
  client_certificate_required: upstream(502, false, (d: { endpoint: string }) => [
    `the endpoint "${d.endpoint}" demands a client certificate, and none is attached to it`,
    "add one: postern vault add certificate NAME --pem FILE, then name it under the endpoint's credentials:",
  ]),
  client_certificate_rejected: upstream(502, false, (d: { endpoint: string; item: string }) => [
    `the endpoint "${d.endpoint}" does not accept the certificate "${d.item}": it trusts another CA`,
    "use the certificate whose CA was given to this deployment",
  ]),
  client_certificate_expired: upstream(502, false, (d: { endpoint: string; item: string }) => [
    `the endpoint "${d.endpoint}" says that the certificate "${d.item}" is expired`,
    "check this machine's clock, or put a new certificate in the vault",
  ]),
  upstream_closed: upstream(502, true, (d: { endpoint: string; reason: string; fix: string }) => [
    `the endpoint "${d.endpoint}" ended the connection before it answered: ${d.reason}`,
    d.fix,
  ]),
  upstream_malformed: upstream(502, false, (d: { endpoint: string; reason: string }) => [
    `the answer of the endpoint "${d.endpoint}" is not HTTP/1.1: ${d.reason}`,
    "check that the url: names the endpoint's HTTP port",
  ]),
  upstream_first_byte_timeout: upstream(504, false, (d: { endpoint: string; after: string }) => [
    `the endpoint "${d.endpoint}" did not begin to answer within ${d.after}`,
    "a deployment that scales to zero takes minutes to wake: try again, or raise timeouts.first-byte",
  ]),
  upstream_idle_timeout: upstream(504, false, (d: { endpoint: string; after: string; during: string }) => [
    `the endpoint "${d.endpoint}" fell silent for ${d.after} ${d.during}`,
    "raise timeouts.idle if this model pauses for so long",
  ]),

  models_unlisted: upstream(502, false, (d: { endpoint: string; reason: string }) => [
    `the endpoint "${d.endpoint}" did not list its models: ${d.reason}`,
    "name the model yourself, as the endpoint's deployment names it",
  ]),
  endpoint_not_ready: upstream(502, true, (d: { endpoint: string; reason: string; fix: string }) => [
    `the endpoint "${d.endpoint}" is not ready: ${d.reason}`,
    d.fix,
  ]),
} as const;
