import type { Manner } from "../event.ts";
import { question } from "../event.ts";

/** Where load goes: a port of the loopback. */
export interface Target {
  readonly port: number;
  /** Header lines beside those of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** PEM texts, where the load speaks TLS itself. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

export const path = "/v1/chat/completions";

/** The name in the upstream's certificate. */
export const serverName = "localhost";

export const headersOf = (target: Target): Record<string, string> => ({
  "content-type": "application/json",
  ...target.headers,
});

/** The bytes of a request. */
export function requestBytes(target: Target, manner: Manner): Buffer {
  const body = question(manner);
  const lines = Object.entries({ host: `127.0.0.1:${target.port}`, ...headersOf(target) });
  const head = [
    `POST ${path} HTTP/1.1`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}
