import { pemOf } from "../support/pki.ts";
import { runNginx } from "../support/nginx.ts";
import { freePort } from "../support/openssl-server.ts";
import type { Stage } from "./serving.ts";

/** Another gateway in the place of ours. */
export interface Other extends AsyncDisposable {
  readonly name: string;
  readonly base: string;
  readonly pid: number;
}

/**
 * Starts Debian's nginx in the gateway's place, with the same client certificate, to hold figures against.
 *
 * @param endpoints their origins, by the beginning of the path that is theirs and that they do not see
 */
export async function startNginxGateway(
  { folder, pki, upstream }: Stage,
  endpoints: Readonly<Record<string, string>> = { "/": upstream.origin },
): Promise<Other> {
  const port = await freePort();
  folder.write("nginx-client.pem", pemOf(pki.client));
  const all = Object.entries(endpoints).map(([path, origin], number) => ({ path, origin, number }));
  const config = folder.write(
    "nginx.conf",
    `daemon off;
master_process off;
worker_rlimit_nofile 16384;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log nginx-access.log;
  client_body_temp_path nginx-body;
  proxy_temp_path nginx-proxy;
  fastcgi_temp_path nginx-fastcgi;
  uwsgi_temp_path nginx-uwsgi;
  scgi_temp_path nginx-scgi;
${all
  .map(
    ({ origin, number }) => `  upstream endpoint-${number} {
    server 127.0.0.1:${new URL(origin).port};
    keepalive 512;
  }
`,
  )
  .join("")}
  server {
    listen 127.0.0.1:${port} backlog=2048;
    proxy_http_version 1.1;
    keepalive_requests 1000000;
    proxy_buffering off;
    proxy_set_header Connection "";
    proxy_ssl_certificate nginx-client.pem;
    proxy_ssl_certificate_key nginx-client.pem;
    proxy_ssl_trusted_certificate server-ca.pem;
    proxy_ssl_verify on;
    proxy_ssl_name localhost;
    proxy_ssl_server_name on;
    proxy_ssl_session_reuse on;
    proxy_ssl_protocols TLSv1.3;
${all.map(({ path, number }) => `    location ${path} { proxy_pass https://endpoint-${number}/; }\n`).join("")}
  }
}
`,
  );
  const program = await runNginx(folder, config, port);
  return {
    name: "nginx",
    base: `http://127.0.0.1:${port}`,
    pid: program.pid,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
