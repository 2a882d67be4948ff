import { readFileSync } from "node:fs";
import type { Folder } from "../support/folder.ts";
import { freePort } from "../support/openssl-server.ts";
import type { Pki } from "../support/pki.ts";
import { runNginx } from "../support/nginx.ts";

/** A request as nginx's access log has it. */
export interface Logged {
  readonly line: string;
  readonly host: string;
  /** The name of the credential that its Authorization held: one of those given, `none` or `another`. */
  readonly authorization: string;
  readonly certificate: string;
  /** Of the body as nginx sent it on, in bytes; empty where it did not. */
  readonly length: string;
  readonly status: string;
}

export interface LoggingNginx extends AsyncDisposable {
  readonly origin: string;
  /** Every request that it has finished, in that order. */
  logged(): readonly Logged[];
}

/**
 * Starts Debian's nginx as a private endpoint that demands a client certificate and logs what it saw. It reads each
 * request whole and hands it to a second server of its own, so that its parser decides where bodies end; that one
 * answers with the request's line.
 *
 * @param credentials the bearer tokens that requests may carry, by name
 */
export async function startLoggingNginx(
  folder: Folder,
  pki: Pki,
  credentials: Readonly<Record<string, string>>,
): Promise<LoggingNginx> {
  const port = await freePort();
  folder.write("nginx-server.pem", pki.server.certificate);
  folder.write("nginx-server.key", pki.server.key.expose());
  folder.write("nginx-client-ca.pem", pki.clientCa.certificate);
  const log = folder.write("nginx-seen.log", "");
  const known = Object.entries(credentials).map(([name, token]) => `"Bearer ${token}" ${name};`);
  const config = folder.write(
    "nginx.conf",
    `daemon off;
master_process off;
pid nginx.pid;
error_log stderr crit;
events {}
http {
  client_body_temp_path nginx-body;
  proxy_temp_path nginx-proxy;
  fastcgi_temp_path nginx-fastcgi;
  uwsgi_temp_path nginx-uwsgi;
  scgi_temp_path nginx-scgi;
  map $http_authorization $credential { default another; "" none; ${known.join(" ")} }
  log_format seen escape=json '{"line":"$request_method $request_uri","host":"$http_host",'
    '"authorization":"$credential","certificate":"$ssl_client_s_dn","length":"$upstream_http_x_length",'
    '"status":"$status"}';
  keepalive_requests 100000;
  large_client_header_buffers 8 128k;
  client_max_body_size 0;
  merge_slashes off;
  underscores_in_headers on;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate nginx-server.pem;
    ssl_certificate_key nginx-server.key;
    ssl_client_certificate nginx-client-ca.pem;
    ssl_verify_client on;
    access_log nginx-seen.log seen;
    location / {
      proxy_pass http://unix:${folder.file("nginx.sock")};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_buffer_size 128k;
      proxy_buffers 8 128k;
    }
  }
  server {
    listen unix:${folder.file("nginx.sock")};
    access_log off;
    add_header X-Length "$content_length" always;
    add_header X-Line "$request_method $request_uri" always;
    location /openai/v1/redirect { return 307 https://127.0.0.1:${port}/openai/v1/elsewhere; }
    location / { return 200 "$request_method $request_uri"; }
  }
}
`,
  );
  const program = await runNginx(folder, config, port);
  return {
    origin: `https://127.0.0.1:${port}`,
    logged: () =>
      readFileSync(log, "latin1")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Logged),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
