import { runNginx } from "../support/nginx.ts";
import { freePort } from "../support/openssl-server.ts";
import type { Stage } from "./serving.ts";

/** An answer that no buffer on the way holds whole, in bytes. */
const bytes = 4 << 20;

/**
 * Starts Debian's nginx as an endpoint that answers `/v1/large` with a large file. A process of its own: what it costs
 * to send that hundreds of times must not be taken for what it costs a gateway to relay it.
 */
export async function startLargeFile({
  folder,
  pki,
}: Stage): Promise<AsyncDisposable & { readonly origin: string }> {
  const port = await freePort();
  folder.write("large-server.pem", pki.server.certificate);
  folder.write("large-server.key", pki.server.key.expose());
  folder.write("large-client-ca.pem", pki.clientCa.certificate);
  folder.write("large-file", "x".repeat(bytes));
  const config = folder.write(
    "large-nginx.conf",
    `daemon off;
master_process off;
worker_rlimit_nofile 16384;
pid large-nginx.pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path large-body;
  proxy_temp_path large-proxy;
  fastcgi_temp_path large-fastcgi;
  uwsgi_temp_path large-uwsgi;
  scgi_temp_path large-scgi;
  server {
    listen 127.0.0.1:${port} ssl backlog=2048;
    ssl_certificate large-server.pem;
    ssl_certificate_key large-server.key;
    ssl_client_certificate large-client-ca.pem;
    ssl_verify_client on;
    ssl_protocols TLSv1.3;
    location = /v1/large { alias large-file; }
  }
}
`,
  );
  const program = await runNginx(folder, config, port);
  return {
    origin: `https://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
