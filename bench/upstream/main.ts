import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import { makeAnswers } from "./answers.ts";
import { Burst } from "./burst.ts";
import { Conversation, type Parts } from "./conversation.ts";
import { Pacer } from "./pacer.ts";

/** What the upstream's process is told when it begins: PEM texts, and the token that it demands. */
export interface UpstreamSetting {
  readonly certificate: string;
  readonly key: string;
  readonly clientCa: string;
  readonly bearer: string;
}

/** What it answers when it listens. */
export interface UpstreamPorts {
  /** Demands a client certificate. */
  readonly demanding: number;
  /** The twin that demands none, for the contender that cannot present one. */
  readonly open: number;
}

async function listen(options: TlsOptions, parts: Parts): Promise<number> {
  const server = createServer({ ...options, minVersion: "TLSv1.3" }, (socket) => {
    // It lives as long as its socket's listeners.
    void new Conversation(socket, parts);
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 2048 });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function begin({ certificate: cert, key, clientCa, bearer }: UpstreamSetting): Promise<void> {
  const answers = makeAnswers();
  const parts: Parts = { answers, bearer, burst: new Burst(answers.event), pacer: new Pacer() };
  setInterval(() => parts.pacer.tick(), 1);
  const ports: UpstreamPorts = {
    demanding: await listen({ cert, key, ca: clientCa, requestCert: true, rejectUnauthorized: true }, parts),
    open: await listen({ cert, key }, parts),
  };
  process.send?.(ports);
}

process.on("disconnect", () => process.exit());
process.once("message", (setting: UpstreamSetting) => void begin(setting));
