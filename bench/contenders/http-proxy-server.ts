import { readFileSync } from "node:fs";
import proxy from "@fastify/http-proxy";
import fastify from "fastify";
import { setting } from "./http-proxy.ts";

const told = (name: keyof typeof setting): string => {
  const value = process.env[setting[name]];
  if (value === undefined) throw new Error(`${setting[name]} is not set`);
  return value;
};

const bearer = `Bearer ${told("bearer")}`;
const app = fastify();
await app.register(proxy, {
  upstream: told("upstream"),
  replyOptions: { rewriteRequestHeaders: (_request, headers) => ({ ...headers, authorization: bearer }) },
  undici: {
    connect: {
      ca: readFileSync(told("ca")),
      cert: readFileSync(told("certificate")),
      key: readFileSync(told("key")),
      // Off by default.
      rejectUnauthorized: true,
    },
  },
});
await app.listen({ host: "127.0.0.1", port: Number(told("port")) });
