import { join } from "node:path";
import { freePort } from "../stage.ts";
import { type Contender, dummy } from "./contender.ts";

/** What the proxy's process is told in its environment: paths of files, and where to go. */
export const setting = {
  port: "BENCH_PORT",
  upstream: "BENCH_UPSTREAM",
  ca: "BENCH_CA",
  certificate: "BENCH_CERTIFICATE",
  key: "BENCH_KEY",
  bearer: "BENCH_BEARER",
} as const;

/** @fastify/http-proxy as it comes, but for the credentials and the verification of the upstream. */
export const httpProxy: Contender = {
  name: "http-proxy",
  note: "@fastify/http-proxy with its defaults, without a log; its pool opens at most 128 connections",
  async prepare({ upstream, bearer, files, file }) {
    const port = await freePort();
    return {
      command: {
        file: process.execPath,
        args: [join(import.meta.dirname, "http-proxy-server.ts")],
        env: {
          [setting.port]: String(port),
          [setting.upstream]: `https://127.0.0.1:${upstream.demanding}`,
          [setting.ca]: files.ca,
          [setting.certificate]: files.certificate,
          [setting.key]: files.key,
          [setting.bearer]: bearer,
          NODE_ENV: "production",
        },
        log: file("http-proxy.log"),
      },
      target: { port, headers: dummy },
    };
  },
};
