// The catalogue of errors: over 300 lines because every error that Postern can give stands here, and nowhere else.
// docs/errors.md describes each code; a test compares the two both ways.

/** OpenAI's `error.type` values that clients tell apart. */
type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "api_error";

/** What is wrong, and the way out: both in lower case, without a full stop at the end. */
type Words = readonly [message: string, hint: string];

interface Entry<D> {
  /** The HTTP status when a request meets this error. */
  readonly status: number;
  readonly type: ErrorType;
  /** Whether the same request can succeed later without anybody changing anything (`x-should-retry`). */
  readonly retry: boolean;
  /** The exit status when a command meets this error: 1 failure, 2 wrong usage or configuration. */
  readonly exit: 1 | 2;
  readonly says: (details: D) => Words;
  /** Response headers that belong to the error: names and values in turn. */
  readonly headers?: (details: D) => readonly string[];
}

const wrongRequest = <D>(status: number, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "invalid_request_error",
  retry: false,
  exit: 2,
  says,
});
const refused = <D>(status: number, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "permission_error",
  retry: false,
  exit: 1,
  says,
});
const credential = <D>(says: Entry<D>["says"]): Entry<D> => ({
  status: 503,
  type: "authentication_error",
  retry: false,
  exit: 1,
  says,
});
const upstream = <D>(status: number, retry: boolean, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "api_error",
  retry,
  exit: 1,
  says,
});
const failure = <D>(exit: 1 | 2, says: Entry<D>["says"]): Entry<D> => ({
  status: 500,
  type: "api_error",
  retry: false,
  exit,
  says,
});

/** What was asked of the vault cannot be: of a command, or of the admin listener's API. */
const unfit = <D>(status: 400 | 404 | 409, exit: 1 | 2, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "invalid_request_error",
  retry: false,
  exit,
  says,
});

const unauthorized = (says: Entry<undefined>["says"]): Entry<undefined> => ({
  status: 401,
  type: "authentication_error",
  retry: false,
  exit: 1,
  says,
  // RFC 9110 §11.6.1 asks for it.
  headers: () => ["WWW-Authenticate", 'Bearer realm="postern"'],
});

const secondsOf = (ms: number): number => Math.max(Math.ceil(ms / 1000), 1);
const list = (names: readonly string[], none: string): string => (names.length > 0 ? names.join(", ") : none);

/** Every error of Postern, by its stable code. */
export const catalogue = {
  // ── What a local request asked for ────────────────────────────────────────────────────────────────────────
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
    "send it without pauses; a body that is not streamed on must come whole in this time",
  ]),
  endpoint_unknown: wrongRequest(404, (d: { endpoint: string; known: readonly string[] }) => [
    `no endpoint is named "${d.endpoint}"; the endpoints are: ${list(d.known, "none")}`,
    "use /<endpoint>/v1/…, or /v1/… to choose by model",
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

  // ── What the local key of an application allows ───────────────────────────────────────────────────────────
  local_key_required: unauthorized(() => [
    "this gateway wants a local key, and the request has none",
    "send it as the API key (Authorization: Bearer, x-api-key or api-key); postern key add NAME makes one",
  ]),
  local_key_unknown: unauthorized(() => [
    "the API key of the request is none of this gateway's local keys",
    "send the key that postern key add printed; postern key list shows the names of all",
  ]),
  local_key_forbids: refused(403, (d: { key: string; what: string }) => [
    `the local key "${d.key}" may not use ${d.what}`,
    `use another key, or change what keys.${d.key} allows in postern.yaml`,
  ]),
  local_key_name_invalid: wrongRequest(400, (d: { name: string }) => [
    `"${d.name.slice(0, 80)}" cannot name a key`,
    "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
  ]),
  local_key_taken: wrongRequest(409, (d: { name: string }) => [
    `the key "${d.name}" is there already`,
    `choose another name, or remove it first: postern key remove ${d.name}`,
  ]),
  local_key_absent: wrongRequest(
    404,
    (d: { name: string; near: string | undefined; known: readonly string[] }) => [
      `there is no key "${d.name.slice(0, 80)}"`,
      d.near === undefined ? `the keys are: ${list(d.known, "none")}` : `did you mean "${d.near}"?`,
    ],
  ),
  local_limit_reached: {
    status: 429,
    type: "rate_limit_error",
    retry: true,
    exit: 1,
    says: (d: { key: string; limit: string; most: number; waitMs: number }) => [
      `the local key "${d.key}" has used up its ${d.limit} (${d.most})`,
      `try again in ${secondsOf(d.waitMs)} s, or raise keys.${d.key}.limits.${d.limit}`,
    ],
    headers: ({ limit, waitMs }: { limit: string; waitMs: number }) =>
      ["Retry-After", String(secondsOf(waitMs))].concat("X-Postern-Limit", limit),
  },

  // ── Endpoints that serve the same model ──────────────────────────────────────────────────────────────────
  endpoints_paused: {
    ...upstream(429, true, (d: { model: string; waitMs: number }) => [
      `every endpoint that serves the model "${d.model}" has asked for a pause`,
      `try again in ${secondsOf(d.waitMs)} s, raise retries.most-wait, or name the model under another endpoint too`,
    ]),
    type: "rate_limit_error",
    headers: (d: { waitMs: number }) => ["Retry-After", String(secondsOf(d.waitMs))],
  },

  // ── The credential that an endpoint needs ─────────────────────────────────────────────────────────────────
  credential_missing: credential((d: { endpoint: string; item: string }) => [
    `the endpoint "${d.endpoint}" needs the vault item "${d.item}", and the vault has none of that name`,
    `add it: postern vault add KIND ${d.item}`,
  ]),
  credential_mismatch: {
    ...credential((d: { endpoint: string; item: string; reason: string; fix: string }) => [
      `the endpoint "${d.endpoint}" cannot use the vault item "${d.item}": ${d.reason}`,
      d.fix,
    ]),
    exit: 2,
  },
  certificate_waiting: credential((d: { item: string }) => [
    `the certificate "${d.item}" is not signed yet: it waits for the answer to its request`,
    `have the CA sign it (postern vault request ${d.item} prints it again), then: postern vault add certificate ${d.item} --pem FILE`,
  ]),
  credential_expired: credential((d: { endpoint: string; item: string; expired: string }) => [
    `the certificate "${d.item}" of the endpoint "${d.endpoint}" expired at ${d.expired}`,
    `put a new one in its place: postern vault remove ${d.item}, then postern vault add certificate ${d.item} --pem FILE`,
  ]),
  credential_expiring: credential(
    (d: { endpoint: string; item: string; within: string; expires: string }) => [
      `the certificate "${d.item}" of the endpoint "${d.endpoint}" expires within ${d.within}, at ${d.expires}`,
      `put a new one in its place: postern vault remove ${d.item}, then postern vault add certificate ${d.item} --pem FILE`,
    ],
  ),
  credential_unusable: credential((d: { endpoint: string; item: string; reason: string }) => [
    `the vault item "${d.item}" of the endpoint "${d.endpoint}" cannot be used: ${d.reason}`,
    `replace it: postern vault remove ${d.item}, then postern vault add`,
  ]),
  credential_unavailable: {
    ...credential((d: { item: string; reason: string }) => [
      `the vault item "${d.item}" has no token that may be used now: ${d.reason}`,
      `look at its source: postern vault show ${d.item}; a gateway that runs asks it again by itself`,
    ]),
    retry: true,
  },
  vault_locked: credential((d: { identity: string }) => [
    `the vault is locked: its identity ${d.identity} is not there`,
    "put the identity file back, name another with identity: in postern.yaml, or start anew elsewhere: postern init --dir DIR",
  ]),
  passphrase_missing: credential((d: { identity: string; reason: string }) => [
    `the vault is locked: the passphrase of its identity ${d.identity} is not given; ${d.reason}`,
    "unlock it on a terminal with postern vault unlock, or say with passphrase: in postern.yaml where it comes from",
  ]),

  // ── The upstream ──────────────────────────────────────────────────────────────────────────────────────────
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

  // ── The gateway itself ────────────────────────────────────────────────────────────────────────────────────
  connections_exhausted: upstream(503, true, (d: { most: number }) => [
    `${d.most} connections are open already, as many as limits.connections allows`,
    "close some, or raise limits.connections",
  ]),
  gateway_out_of_reach: upstream(502, true, (d: { reason: string }) => [
    `the console cannot reach the gateway's own listener: ${d.reason}`,
    "look at the log, and whether the gateway serves: postern doctor",
  ]),
  request_stopped: upstream(503, false, () => [
    "this request was stopped by hand while it was in flight",
    "send it again if it is still wanted; whoever runs this gateway stopped it in its console, or through its API",
  ]),
  stopping: upstream(503, true, () => ["Postern is stopping", "try again in a moment"]),
  internal: failure(1, (d: { reason: string }) => [
    `an error of Postern's own: ${d.reason}`,
    "please report it with the request id and the log line",
  ]),
  worker_failed: failure(1, (d: { number: number; reason: string }) => [
    `worker ${d.number} failed: ${d.reason}`,
    "look at the log lines before this; with workers: 1 in postern.yaml, one process does everything",
  ]),
  worker_behind: failure(1, (d: { count: number; workers: number; reason: string }) => [
    `${d.count} of ${d.workers} workers could not apply the change and serve on as before: ${d.reason}`,
    "mend what stands in the way, then send SIGHUP; or restart",
  ]),
  socket_folder_open: failure(1, (d: { folder: string; reason: string }) => [
    `no Unix socket is put in the folder ${d.folder}: ${d.reason}, and whoever opens the socket uses the credentials`,
    "name a folder of its own, such as unix:run/postern.sock; one that does not exist is made (0700)",
  ]),
  address_in_use: failure(1, (d: { address: string }) => [
    `the address ${d.address} is in use`,
    "stop the other program, or choose another address or port 0",
  ]),
  address_unavailable: failure(1, (d: { address: string; reason: string }) => [
    `cannot listen on ${d.address}: ${d.reason}`,
    "choose another address",
  ]),

  // ── The console and the API of the admin listener ────────────────────────────────────────────────────────
  admin_token_required: unauthorized(() => [
    "the API wants the admin token, or both keys of a console's session, and the request has neither",
    "send the token as Authorization: Bearer; postern console opens the console",
  ]),
  admin_token_wrong: unauthorized(() => [
    "the token of the request is not this gateway's admin token",
    "send the one in the file that admin-token: in postern.yaml names (admin-token beside it, if it names none)",
  ]),
  admin_token_missing: credential((d: { file: string; reason: string; fix: string }) => [
    `there is no admin token at ${d.file}: ${d.reason}`,
    d.fix,
  ]),
  admin_token_invalid: credential((d: { file: string }) => [
    `${d.file} is not an admin token: one is postern-admin- and at least 43 random letters, digits, dashes and underscores`,
    "remove the file, and postern serve makes a new one when it starts",
  ]),
  session_over: unauthorized(() => [
    "this session of the console has ended",
    "open another: postern console",
  ]),
  link_unknown: unauthorized(() => [
    "this link does not open the console: it is mistyped, or the gateway has been restarted since",
    "make another: postern console",
  ]),
  link_used: unauthorized(() => [
    "this link has been used already; each opens the console once",
    "make another: postern console",
  ]),
  link_expired: unauthorized(() => [
    "this link was made more than two minutes ago, and does not open the console any more",
    "make another: postern console",
  ]),
  page_unknown: wrongRequest(404, (d: { method: string; path: string }) => [
    `the admin listener has nothing for ${d.method} ${d.path}`,
    "the console is at /, its API under /api/v1 (docs/api.md); models are asked at the gateway's own address",
  ]),
  parameter_invalid: wrongRequest(400, (d: { where: string; reason: string }) => [
    `${d.where} is not as it should be: ${d.reason}`,
    "docs/api.md says what the API takes",
  ]),
  api_body_too_large: wrongRequest(413, () => [
    "the request's body is larger than this part of the API takes",
    "send less, in several requests",
  ]),
  request_unknown: wrongRequest(404, (d: { id: string }) => [
    `no request "${d.id.slice(0, 100)}" is in flight, or among the last that ended`,
    "the last 1,000 are remembered, and by this process alone: GET /api/v1/live/requests lists them",
  ]),
  request_not_in_flight: wrongRequest(409, (d: { id: string }) => [
    `no request "${d.id.slice(0, 100)}" is in flight, so there is nothing to stop`,
    "it may just have ended: GET /api/v1/live/requests shows how",
  ]),
  watchers_exhausted: upstream(503, true, (d: { most: number }) => [
    `${d.most} follow the live traffic already, as many as may`,
    "close one of the pages that show it, or ask GET /api/v1/live/requests",
  ]),
  imports_exhausted: upstream(503, true, (d: { most: number }) => [
    `${d.most} imports are being opened or wait for their turn already, as many as may`,
    "try again in a moment",
  ]),
  console_unbuilt: failure(1, () => [
    "the console's pages are not built here; the API and the command line work without them",
    "build them: npm run build",
  ]),
  gateway_silent: failure(1, (d: { url: string; reason: string }) => [
    `no gateway answers at ${d.url}: ${d.reason}`,
    "start it: postern serve; if it runs elsewhere, name the admin address that it printed: --admin http://127.0.0.1:PORT",
  ]),
  gateway_strange: failure(1, (d: { url: string; reason: string }) => [
    `what answers at ${d.url} is not the gateway of this configuration: ${d.reason}`,
    "see which program has that port; a gateway that has not read a changed admin token yet does with SIGHUP",
  ]),
  admin_socket_unopenable: failure(1, (d: { socket: string }) => [
    `a browser cannot open the Unix socket ${d.socket}, where this gateway's console is`,
    `lead a port to it: socat TCP-LISTEN:8081,bind=127.0.0.1,fork UNIX-CONNECT:${d.socket}, or from another machine ssh -L 8081:${d.socket} HOST; then postern console --admin http://127.0.0.1:8081`,
  ]),

  // ── Command line and configuration ────────────────────────────────────────────────────────────────────────
  usage: failure(2, (d: { message: string; hint: string }) => [d.message, d.hint]),
  config_missing: failure(2, (d: { file: string }) => [
    `there is no configuration at ${d.file}`,
    "make one with postern init, or name one with --config or POSTERN_CONFIG",
  ]),
  config_unreadable: failure(2, (d: { file: string; reason: string }) => [
    `cannot read ${d.file}: ${d.reason}`,
    "check the path and its permissions",
  ]),
  config_invalid: wrongRequest(422, (d: { file: string; problems: readonly string[] }) => [
    `${d.file} has ${d.problems.length === 1 ? "a problem" : `${d.problems.length} problems`}\n${d.problems.join("\n")}`,
    "config/postern.example.yaml explains every key; postern check looks again",
  ]),
  config_edit_refused: wrongRequest(422, (d: { file: string; problems: readonly string[] }) => [
    `${d.file} was not changed; with this change it would have ${d.problems.length === 1 ? "a problem" : `${d.problems.length} problems`}\n${d.problems.join("\n")}`,
    "give other values, or edit the file by hand and look at it with postern check",
  ]),
  config_unwritable: failure(1, (d: { file: string; reason: string; fix: string }) => [
    `${d.file} was not changed, for it cannot be written: ${d.reason}`,
    d.fix,
  ]),
  endpoint_exists: wrongRequest(409, (d: { endpoint: string }) => [
    `the endpoint "${d.endpoint}" is there already`,
    "choose another name, or change that one",
  ]),
  endpoint_absent: wrongRequest(404, (d: { endpoint: string; known: readonly string[] }) => [
    `there is no endpoint "${d.endpoint}"; the endpoints are: ${list(d.known, "none")}`,
    "name one of these, or add it",
  ]),
  endpoint_changed: wrongRequest(409, (d: { endpoint: string }) => [
    `the endpoint "${d.endpoint}" has changed since you looked at it`,
    "look at it again, then change it",
  ]),
  check_failed: failure(1, (d: { count: number }) => [
    d.count === 1 ? "a problem was found" : `${d.count} problems were found`,
    "the line of each problem says the way out",
  ]),
  demo_failed: failure(1, (d: { reason: string }) => [
    `the demo did not go as it should: ${d.reason}`,
    "the gateway's log is above; please report it with that",
  ]),
  file_exists: failure(1, (d: { file: string }) => [
    `${d.file} is there already`,
    "nothing was changed; move it away, or choose another place",
  ]),
  file_unreadable: failure(1, (d: { file: string; reason: string }) => [
    `cannot read ${d.file}: ${d.reason}`,
    "check the path and its permissions",
  ]),
  file_unwritable: failure(1, (d: { file: string; reason: string }) => [
    `cannot write ${d.file}: ${d.reason}`,
    "check the folder and its permissions; nothing was changed",
  ]),
  file_not_durable: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} was written, but the disk did not confirm it: ${d.reason}`,
    "check the disk; if the machine stops now, the change may be lost",
  ]),
  output_lost: failure(1, (d: { reason: string }) => [
    `cannot write to standard output: ${d.reason}`,
    "what the command had to do was done; ask again for what it prints",
  ]),

  // ── The vault ─────────────────────────────────────────────────────────────────────────────────────────────
  identity_exposed: failure(1, (d: { file: string; mode: string }) => [
    `others can read ${d.file}, which is for its owner alone (mode ${d.mode})`,
    `close it: chmod 600 ${d.file}`,
  ]),
  identity_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is not an age identity: ${d.reason}`,
    "it must hold one line that begins with AGE-SECRET-KEY-1, as age-keygen and postern init write it",
  ]),
  identity_passphrase_wrong: failure(1, (d: { identity: string }) => [
    `the passphrase does not open the identity ${d.identity}`,
    "check it and try again; where it comes from a file, its last line break does not count, everything else does",
  ]),
  identity_too_costly: failure(1, (d: { identity: string; memory: string }) => [
    `the passphrase of the identity ${d.identity} asks for more than ${d.memory} of memory`,
    "write it anew with a lower work factor: open it with age -d, and encrypt it with age -p",
  ]),
  keyring_unavailable: failure(1, (d: { name: string; reason: string }) => [
    `the keyring, which holds the identity "${d.name}", cannot be used: ${d.reason}`,
    "install secret-tool (libsecret-tools) and unlock the session's keyring, or use identity: file:",
  ]),
  vault_missing: failure(1, (d: { file: string }) => [
    `there is no vault at ${d.file}`,
    "put it back from a copy, name another with vault: in postern.yaml, or start anew elsewhere: postern init --dir DIR",
  ]),
  vault_wrong_identity: failure(1, (d: { file: string; identity: string }) => [
    `${d.file} was not sealed for the identity ${d.identity}`,
    "use the identity.txt that was made with this vault",
  ]),
  vault_damaged: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is damaged: ${d.reason}`,
    "put a backup of the file in its place",
  ]),
  vault_forged: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} was not written by the holder of its identity: ${d.reason}`,
    "put a backup in its place; to take over content written with age, add its items with postern vault add",
  ]),
  vault_rolled_back: failure(1, (d: { file: string; found: number; seen: number; mark: string }) => [
    `${d.file} is older than one that was seen before (generation ${d.found}, seen ${d.seen})`,
    `put the newer file back; if you restored a backup on purpose, remove ${d.mark}`,
  ]),
  vault_swapped: failure(1, (d: { file: string; mark: string }) => [
    `${d.file} is another vault than the one that was here before`,
    `put the right file back; if you changed it on purpose, remove ${d.mark}`,
  ]),
  vault_version: failure(1, (d: { file: string; version: string }) => [
    `${d.file} has the format version ${d.version}, which this Postern does not know`,
    "use a newer Postern",
  ]),
  vault_exposed: failure(1, (d: { file: string; mode: string }) => [
    `others can write the vault ${d.file} (mode ${d.mode})`,
    `look at what it holds, then close it: chmod 600 ${d.file}`,
  ]),
  vault_folder_exposed: failure(1, (d: { folder: string; mode: string }) => [
    `everybody can put other files into ${d.folder} (mode ${d.mode})`,
    `close the folder: chmod o-w ${d.folder}`,
  ]),
  vault_unconfirmed: failure(1, (d: { file: string }) => [
    `${d.file} was sealed for this identity by somebody else, and nobody has said yet that they are to be trusted`,
    "if you know who gave it to you: postern vault confirm",
  ]),
  vault_content_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} holds what this Postern does not understand: ${d.reason}`,
    "use a newer Postern; content written by hand must be as docs/vault-format.md says",
  ]),
  vault_mark_invalid: failure(1, (d: { mark: string; reason: string }) => [
    `${d.mark}, which says what vault was here last, cannot be trusted: ${d.reason}`,
    "if the vault beside it is the right one, remove the mark",
  ]),
  vault_busy: failure(1, (d: { file: string }) => [
    `another process has been changing ${d.file} for a long time`,
    "wait for it to end, or stop it, then try again",
  ]),
  recipient_refused: failure(1, (d: { reason: string; fix: string }) => [d.reason, d.fix]),
  export_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is not an export of a vault: ${d.reason}`,
    "give a file that postern vault export wrote",
  ]),
  audit_off: wrongRequest(409, () => [
    "the use of the vault is not recorded: audit: in postern.yaml says off",
    "name a file there: audit: { to: file:audit.log }",
  ]),
  audit_unwritable: failure(1, (d: { file: string; reason: string }) => [
    `this use of the vault was not recorded: cannot write ${d.file}: ${d.reason}`,
    "make room or give access, or name another file with audit: in postern.yaml",
  ]),
  audit_exposed: failure(1, (d: { file: string; mode: string }) => [
    `others can read or write the audit log ${d.file} (mode ${d.mode})`,
    `close it: chmod 600 ${d.file}`,
  ]),
  item_exists: unfit(409, 1, (d: { name: string; kind: string }) => [
    `the vault has an item named "${d.name}" already (${d.kind})`,
    `choose another name, or remove it first: postern vault remove ${d.name}`,
  ]),
  item_unknown: unfit(404, 1, (d: { name: string; known: readonly string[] }) => [
    `the vault has no item named "${d.name}"; it holds: ${list(d.known, "nothing yet")}`,
    "postern vault list shows all items",
  ]),
  item_name_invalid: unfit(400, 2, (d: { name: string }) => [
    `"${d.name}" cannot be an item's name`,
    "use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
  ]),
  item_in_use: unfit(409, 1, (d: { name: string; endpoints: readonly string[] }) => [
    `"${d.name}" is used by ${list(d.endpoints, "no endpoint")}, which cannot be called without it`,
    "name another credential for them first, or confirm it: anyway=true removes it, endpoints: true renames it in postern.yaml too",
  ]),
  item_not_waiting: unfit(409, 1, (d: { name: string }) => [
    `"${d.name}" has no request that waits for its answer`,
    `look at it with postern vault show ${d.name}; to give it another value, rotate it`,
  ]),
  item_changed: unfit(409, 1, (d: { name: string }) => [
    `"${d.name}" has got another value meanwhile, and keeps that`,
    `look at it with postern vault show ${d.name}, then try again`,
  ]),
  item_not_generated: unfit(409, 1, (d: { name: string; title: string }) => [
    `"${d.name}" (${d.title}) cannot be made anew here`,
    `give its new value: postern vault rotate ${d.name} --stdin, or --file FILE`,
  ]),
  item_without_previous: unfit(409, 1, (d: { name: string }) => [
    `"${d.name}" has no previous value`,
    "a previous value is kept by postern vault rotate, for the time that its --grace says",
  ]),
  kind_unknown: unfit(400, 2, (d: { kind: string; known: readonly string[] }) => [
    `"${d.kind}" is not a kind of item; the kinds are: ${list(d.known, "")}`,
    "postern vault add --help shows what each takes",
  ]),
  value_invalid: unfit(400, 1, (d: { name: string; reason: string; fix: string }) => [
    `the value for "${d.name}" was not taken: ${d.reason}`,
    d.fix,
  ]),
  certificate_unreadable: unfit(400, 1, (d: { source: string; reason: string }) => [
    `${d.source} holds no certificate that can be read: ${d.reason}`,
    "give the certificate and its private key as PEM (BEGIN CERTIFICATE), DER or PKCS#12",
  ]),
  certificate_without_key: unfit(400, 1, (d: { source: string }) => [
    `${d.source} holds a certificate without its private key`,
    "give the file that holds both, or the key's file too: on the command line with --key",
  ]),
  certificate_key_mismatch: unfit(400, 1, (d: { source: string; subject: string }) => [
    `the private key in ${d.source} is not the key of the certificate ${d.subject}`,
    "give the key that the certificate was made for",
  ]),
  certificate_not_requested: unfit(400, 1, (d: { source: string; subject: string; item: string }) => [
    `the certificate ${d.subject} in ${d.source} is not the answer to the request of "${d.item}": it is for another key`,
    `give the one that the CA made of that request; postern vault request ${d.item} prints it again`,
  ]),
  certificate_ca_unknown: unfit(404, 1, (d: { name: string }) => [
    `the vault does not hold the CA of the certificate "${d.name}": it came without it`,
    "ask whoever signed it; for the certificate alone: --public",
  ]),
  certificate_ca_expired: unfit(409, 1, (d: { name: string; expires: string }) => [
    `the CA of the certificate "${d.name}" ends at ${d.expires}, and can sign no new one`,
    "make a certificate with a new CA: postern vault add certificate NAME --generate",
  ]),
  pkcs12_unreadable: unfit(400, 1, (d: { source: string; reason: string }) => [
    `${d.source} cannot be read as PKCS#12: ${d.reason}`,
    "make it anew: openssl pkcs12 -export -inkey KEY.pem -in CERTIFICATE.pem -out NEW.p12, or give the PEM files with --pem and --key",
  ]),
  certificate_expired: unfit(400, 1, (d: { source: string; subject: string; expired: string }) => [
    `the certificate ${d.subject} in ${d.source} expired at ${d.expired}`,
    "give a certificate that is still valid",
  ]),
  certificate_not_yet_valid: unfit(400, 1, (d: { source: string; subject: string; from: string }) => [
    `the certificate ${d.subject} in ${d.source} is not valid before ${d.from}`,
    "check this machine's clock, or wait until then",
  ]),
  certificate_unusable: unfit(400, 1, (d: { source: string; subject: string; reason: string }) => [
    `the certificate ${d.subject} in ${d.source} cannot be used: ${d.reason}`,
    "get one for a key of P-256, P-384, P-521, Ed25519, Ed448, or RSA with 2048 bits or more",
  ]),
  key_unreadable: unfit(400, 1, (d: { source: string; reason: string }) => [
    `${d.source} holds no private key that can be read: ${d.reason}`,
    "give a PEM key: PKCS#8, SEC1 or PKCS#1 (OpenSSH format for SSH keys)",
  ]),
  key_encrypted: unfit(400, 1, (d: { source: string }) => [
    `the private key in ${d.source} is encrypted`,
    "give its passphrase; on the command line with --passphrase-file FILE, or - to type it",
  ]),
  passphrase_wrong: unfit(400, 1, (d: { source: string }) => [
    `the passphrase does not open the private key in ${d.source}`,
    "check the passphrase; of a passphrase file the last line break does not count, everything else does",
  ]),

  // ── Programs that are handed credentials ──────────────────────────────────────────────────────────────────
  ssh_key_unconfirmed: failure(1, (d: { item: string }) => [
    `the SSH key "${d.item}" is used only when somebody confirms it, and nobody is there to ask`,
    "run postern ssh-agent in a terminal of its own",
  ]),
  ssh_sha1_refused: failure(1, (d: { item: string }) => [
    `a program wanted the RSA key "${d.item}" to sign with SHA-1, which is no longer safe`,
    "update that program, or give it an Ed25519 key: postern vault add ssh-key NAME --generate",
  ]),
  registry_ambiguous: failure(1, (d: { registry: string; known: readonly string[] }) => [
    `the vault has several credentials for the registry ${d.registry}: ${list(d.known, "none")}`,
    "keep one, for Docker's tools cannot say which they mean: postern vault remove NAME",
  ]),
  docker_config_invalid: failure(1, (d: { file: string; reason: string }) => [
    `${d.file} is not a configuration of Docker: ${d.reason}`,
    "mend the file by hand; nothing was changed",
  ]),
  env_file_invalid: failure(1, (d: { source: string; line: number; reason: string; fix: string }) => [
    `${d.source}, line ${d.line}: ${d.reason}; nothing was taken`,
    d.fix,
  ]),
  variable_ambiguous: failure(2, (d: { variable: string; known: readonly string[] }) => [
    `several items give the variable ${d.variable}: ${list(d.known, "none")}`,
    "name the items that are wanted with --items",
  ]),
  variable_unfit: failure(2, (d: { item: string; kind: string }) => [
    `the item "${d.item}" is of the kind ${d.kind}, which goes into no environment`,
    "name environment variables and Hugging Face tokens; an endpoint's credentials are attached by postern serve",
  ]),
  program_unstartable: failure(1, (d: { program: string; reason: string }) => [
    `cannot start ${d.program}: ${d.reason}`,
    "check its name, PATH and its permissions",
  ]),
} as const;

export type Code = keyof typeof catalogue;
type Details<C extends Code> = Parameters<(typeof catalogue)[C]["says"]>[0];

/** An error of the catalogue, with the words for this case. */
export class PosternError extends Error {
  override readonly name = "PosternError";
  readonly code: Code;
  readonly hint: string;
  readonly status: number;
  readonly type: string;
  readonly retry: boolean;
  readonly exit: 1 | 2;
  /** The request's parameter at fault, for OpenAI's `error.param`. */
  readonly param: string | null;

  /** Response headers that belong to it: names and values in turn. */
  readonly headers: readonly string[];

  constructor(code: Code, [message, hint]: Words, cause?: unknown, headers: readonly string[] = []) {
    super(message, cause === undefined ? undefined : { cause });
    const entry = catalogue[code];
    this.code = code;
    this.hint = hint;
    this.status = entry.status;
    this.type = entry.type;
    this.retry = entry.retry;
    this.exit = entry.exit;
    this.headers = headers;
    this.param = code.startsWith("model_") ? "model" : null;
  }

  /** The same error, of this parameter of a request. */
  of(param: string): PosternError {
    const error = new PosternError(this.code, [this.message, this.hint], this.cause, this.headers);
    return Object.assign(error, { param });
  }
}

/** Makes the error `code` for these details; `cause` is kept for debugging and never shown. */
export function problem<C extends Code>(code: C, details: Details<C>, cause?: unknown): PosternError {
  const { says, headers } = catalogue[code] as unknown as Entry<Details<C>>;
  return new PosternError(code, says(details), cause, headers?.(details));
}

/** The OpenAI-shaped body of an error. SDKs show only `message`, so the way out is part of it. */
export function errorBody(error: PosternError): string {
  const { type, param, code } = error;
  return JSON.stringify({ error: { message: `${error.message} (${error.hint})`, type, param, code } });
}

/** What was thrown, as an error of the catalogue: itself where it is one, else `internal`. */
export const asProblem = (thrown: unknown): PosternError =>
  thrown instanceof PosternError ? thrown : problem("internal", { reason: reasonOf(thrown) }, thrown);

/** What a system call or a library said, in one line: for the `reason` of an error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known: Record<string, string> = {
    ENOENT: "there is no such file",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EISDIR: "it is a folder",
    EEXIST: "something else has this name already",
    ENOTDIR: "a part of its path is not a folder",
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset",
    EPIPE: "connection closed",
    EHOSTUNREACH: "no route to the host",
    ETIMEDOUT: "the network gave no answer",
    ENETUNREACH: "no route to the network",
    ENOSPC: "the disk is full",
    EROFS: "the file system is read-only",
  };
  const code = (error as NodeJS.ErrnoException).code;
  return (code !== undefined && known[code]) || (error.message.split("\n", 1)[0] ?? "unknown");
}
