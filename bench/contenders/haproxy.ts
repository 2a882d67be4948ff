import { writeFile } from "node:fs/promises";
import { serverName } from "../load/target.ts";
import { freePort, type Stage } from "../stage.ts";
import { type Contender, dummy } from "./contender.ts";

/** HAProxy doing the same work, without a log: it writes none to files. */
export const haproxy: Contender = {
  name: "haproxy",
  note: "writes no log, where nginx and Postern write a line per request",
  async prepare(stage) {
    const port = await freePort();
    const config = stage.file("haproxy.cfg");
    await writeFile(config, configuration(stage, port), { mode: 0o600 });
    return {
      command: {
        file: "haproxy",
        args: ["-db", "-f", config],
        env: { PATH: `${process.env["PATH"]}:/usr/sbin` },
        log: stage.file("haproxy.log"),
      },
      target: { port, headers: dummy },
    };
  },
};

const configuration = ({ files, upstream, bearer }: Stage, port: number): string => `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option http-no-delay
  http-reuse always
  timeout connect 10s
  timeout client 60s
  timeout server 60s
frontend local
  bind 127.0.0.1:${port} backlog 2048
  default_backend endpoint
backend endpoint
  http-request set-header Authorization "Bearer ${bearer}"
  http-request set-header Host ${serverName}
  server one 127.0.0.1:${upstream.demanding} ssl crt ${files.pem} ca-file ${files.ca} verify required sni str(${serverName}) ssl-min-ver TLSv1.3 pool-max-conn -1 pool-purge-delay 60s
`;
