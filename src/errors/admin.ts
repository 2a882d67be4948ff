import { wrongRequest, credential, upstream, failure, unauthorized } from "./entry.ts";

/** The console and the API of the admin listener. */
export const adminErrors = {
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
} as const;
