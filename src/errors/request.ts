import { wrongRequest, refused, list, upstream } from "./entry.ts";

/** What a local request asked for. */
export const requestErrors = {
  request_target_invalid: wrongRequest(400, (d: { reason: string }) => [
    `the request target is not acceptable: ${d.reason}`,
    "send a plain path such as /v1/chat/completions",
  ]),
  method_not_allowed: wrongRequest(405, (d: { method: string }) => [
    `the method ${d.method} is not passed on: its answer would show the credentials of the request`,
    "use another method",
  ]),
  request_headers_invalid: wrongRequest(400, (d: { reason: string }) => [
    `the request's headers are not acceptable: ${d.reason}`,
    "send each of these headers once, and well formed (RFC 9110, RFC 9112)",
  ]),
  expectation_unknown: wrongRequest(417, (d: { expectation: string }) => [
    `the expectation "${d.expectation}" cannot be met`,
    "leave the Expect header out; only 100-continue is known (RFC 9110)",
  ]),
  host_not_allowed: refused(403, (d: { host: string }) => [
    `the Host header "${d.host}" is not one of this listener's own names`,
    "call it as 127.0.0.1, [::1] or localhost, or name what you call it by under allow-hosts",
  ]),
  origin_not_allowed: refused(403, (d: { origin: string }) => [
    `requests from web pages are refused (${d.origin})`,
    "call Postern from a program of this machine, or name the page's origin under allow-origins",
  ]),
  content_type_not_allowed: wrongRequest(415, (d: { type: string }) => [
    `a body ${d.type === "" ? "without a Content-Type" : `of the type ${d.type}`} is refused: JSON is taken, and nothing that a web page can send unasked`,
    "say what it is: -H 'content-type: application/json'",
  ]),
  body_too_large: wrongRequest(413, (d: { limit: string }) => [
    `the request's body is larger than ${d.limit}`,
    "send less, or raise limits.body",
  ]),
  request_timeout: wrongRequest(408, (d: { after: string; waited: string }) => [
    `the request's body ${d.waited} ${d.after}`,
    "send it without pauses; of a body that is not streamed on, each 64 KiB must come in this time",
  ]),
  endpoint_unknown: wrongRequest(404, (d: { endpoint: string; known: readonly string[] }) => [
    `no endpoint is named "${d.endpoint}"; the endpoints are: ${list(d.known, "none")}`,
    "use /<endpoint>/v1/…, or /v1/… to choose by model",
  ]),
  endpoint_moved: upstream(503, true, (d: { endpoint: string }) => [
    `the endpoint "${d.endpoint}" was changed or removed while this request was on its way: nothing was sent there`,
    "send it again: it goes where postern.yaml says now",
  ]),
  endpoint_none: wrongRequest(404, () => [
    "no endpoint is configured",
    "add one: postern endpoint add NAME URL --credential ITEM",
  ]),
  model_unknown: wrongRequest(404, (d: { model: string; known: readonly string[] }) => [
    `no endpoint serves the model "${d.model}"; the models are: ${list(d.known, "none")}`,
    "use one of these, name it under an endpoint's models: or aliases:, or call /<endpoint>/v1/…",
  ]),
  model_missing: wrongRequest(400, (d: { paths: readonly string[] }) => [
    "the request names no model, so no endpoint can be chosen for it",
    `put "model" at the top level of the body, or call ${list(d.paths, "/<endpoint>/v1")} instead`,
  ]),
  model_too_far: wrongRequest(413, (d: { limit: string; paths: readonly string[] }) => [
    `no model was found in the first ${d.limit} of the body`,
    `put "model" before the large fields, raise limits.peek, or call ${list(d.paths, "/<endpoint>/v1")}, which needs no model`,
  ]),
  model_ambiguous: wrongRequest(400, (d: { reason: string }) => [
    `the request's model cannot be told for certain: ${d.reason}`,
    'with a local key that is limited to models, send JSON with one plain "model" at its top level, or a plain form',
  ]),
  body_unreadable: wrongRequest(400, (d: { reason: string; paths: readonly string[] }) => [
    `the body cannot be searched for its model: ${d.reason}`,
    `send JSON or multipart form data, or call ${list(d.paths, "/<endpoint>/v1")}, which needs no model`,
  ]),
} as const;
