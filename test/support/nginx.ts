import { connect } from "node:net";
import { once } from "node:events";
import { eventually } from "./eventually.ts";
import type { Folder } from "./folder.ts";
import { freePort } from "./openssl-server.ts";
import type { Pki } from "./pki.ts";
import { Program } from "./process.ts";

/** What nginx demands of a request, beside TLS. */
export interface Demands {
  readonly certificate: boolean;
  /** The only Authorization header that it lets through. */
  readonly bearer?: string;
}

/**
 * Starts Debian's nginx as a private endpoint in front of a plain server: a process of the test's own, with its own
 * prefix, that touches nothing of the system's service.
 */
export async function startNginx(
  folder: Folder,
  pki: Pki,
  backendPort: number,
  demands: Demands,
): Promise<AsyncDisposable & { readonly origin: string }> {
  const port = await freePort();
  const name = (suffix: string): string => `nginx-${port}-${suffix}`;
  folder.write(name("server.pem"), pki.server.certificate);
  folder.write(name("server.key"), pki.server.key.expose());
  folder.write(name("client-ca.pem"), pki.clientCa.certificate);
  const config = folder.write(
    name("nginx.conf"),
    `daemon off;
master_process off;
pid ${name("pid")};
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path ${name("body")};
  proxy_temp_path ${name("proxy")};
  fastcgi_temp_path ${name("fastcgi")};
  uwsgi_temp_path ${name("uwsgi")};
  scgi_temp_path ${name("scgi")};
  map $http_authorization $welcome {
    default ${demands.bearer === undefined ? 1 : 0};
    ${demands.bearer === undefined ? "" : `"Bearer ${demands.bearer}" 1;`}
  }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${name("server.pem")};
    ssl_certificate_key ${name("server.key")};
    ssl_client_certificate ${name("client-ca.pem")};
    ssl_verify_client ${demands.certificate ? "on" : "off"};
    location /openai/v1/ {
      if ($welcome = 0) { return 401; }
      proxy_pass http://127.0.0.1:${backendPort}/v1/;
      proxy_http_version 1.1;
      proxy_buffering off;
    }
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

/** Runs Debian's nginx with a configuration and prefix of the test's own until it answers at its port. */
export async function runNginx(folder: Folder, config: string, port: number): Promise<Program> {
  const program = new Program("nginx", ["-p", `${folder.path}/`, "-c", config], {
    env: { PATH: `${process.env["PATH"]}:/usr/sbin` },
  });
  await eventually(async () => {
    if (program.child.exitCode !== null) throw new Error(program.stderr);
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.destroy();
  });
  return program;
}
