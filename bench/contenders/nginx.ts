import { writeFile } from "node:fs/promises";
import { serverName } from "../load/target.ts";
import { freePort, type Stage } from "../stage.ts";
import { type Contender, dummy } from "./contender.ts";

/** nginx doing the same work, with one line of access log per request. */
export const nginx: Contender = {
  name: "nginx",
  async prepare(stage) {
    const port = await freePort();
    const config = stage.file("nginx.conf");
    await writeFile(config, configuration(stage, port), { mode: 0o600 });
    return {
      command: {
        file: "nginx",
        args: ["-p", stage.file(""), "-c", config],
        env: { PATH: `${process.env["PATH"]}:/usr/sbin` },
        log: stage.file("nginx.log"),
      },
      target: { port, headers: dummy },
    };
  },
};

const configuration = ({ files, upstream, bearer, file }: Stage, port: number): string => `
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${file("nginx.pid")};
error_log stderr warn;
events { worker_connections 8192; }
http {
  access_log ${file("nginx-access.log")};
  client_body_temp_path ${file("nginx-body")};
  proxy_temp_path ${file("nginx-proxy")};
  fastcgi_temp_path ${file("nginx-fastcgi")};
  uwsgi_temp_path ${file("nginx-uwsgi")};
  scgi_temp_path ${file("nginx-scgi")};
  tcp_nodelay on;
  keepalive_requests 10000000;
  upstream endpoint {
    server 127.0.0.1:${upstream.demanding};
    keepalive 512;
    keepalive_requests 10000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=2048;
    location / {
      proxy_pass https://endpoint;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Host ${serverName};
      proxy_set_header Authorization "Bearer ${bearer}";
      proxy_ssl_certificate ${files.certificate};
      proxy_ssl_certificate_key ${files.key};
      proxy_ssl_trusted_certificate ${files.ca};
      proxy_ssl_verify on;
      proxy_ssl_name ${serverName};
      proxy_ssl_server_name on;
      proxy_ssl_session_reuse on;
      proxy_ssl_protocols TLSv1.3;
    }
  }
}
`;
