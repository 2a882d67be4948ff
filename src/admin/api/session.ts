import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import * as z from "zod";
import type { Access } from "../access/access.ts";
import { cookieGone, cookieOf } from "../access/cookie.ts";
import { challenge, entry, link, opened, proof, session } from "./shapes/session.ts";

const tags = ["session"];
/** Nobody knows yet who sends it. */
const mostCodeBytes = 1024;

/** The two routes of the API that do not ask who is there: how a browser comes in, and how a program knows the gateway. */
export const entryRoutes =
  (access: Access): FastifyPluginAsyncZod =>
  async (api) => {
    api.get(
      "/proof",
      {
        schema: {
          summary: "Prove to whoever has the admin token that this gateway knows it, before it is sent",
          tags,
          security: [],
          querystring: challenge,
          response: { 200: proof },
        },
      },
      async ({ query }) => ({ proof: access.prove(query.challenge) }),
    );
    api.post(
      "/session",
      {
        bodyLimit: mostCodeBytes,
        schema: {
          summary: "Open a session with the code of a one-time link",
          tags,
          security: [],
          body: entry,
          response: { 201: opened },
        },
      },
      async ({ body, raw }, reply) => {
        const { keys, session } = access.open(body.code);
        return reply
          .code(201)
          .header("set-cookie", cookieOf(raw, keys.cookie))
          .send({ token: keys.token, expires: session.expires.toISOString() });
      },
    );
  };

/** Sessions and links, for those who are in. */
export const sessionRoutes =
  (access: Access): FastifyPluginAsyncZod =>
  async (api) => {
    api.post(
      "/links",
      {
        schema: {
          summary: "Make a one-time link to the console",
          tags,
          response: { 201: link },
        },
      },
      async (request, reply) => {
        const { code, expires } = access.links.make();
        const url = `http://${request.headers.host ?? "localhost"}/#link=${code}`;
        return reply.code(201).send({ url, expires: expires.toISOString() });
      },
    );
    api.get(
      "/session",
      { schema: { summary: "Tell until when the session lasts", tags, response: { 200: session } } },
      async ({ session }) => ({ expires: session?.expires.toISOString() ?? null }),
    );
    api.delete(
      "/session",
      {
        schema: {
          summary: "End the session",
          tags,
          response: { 204: z.null().meta({ description: "It has ended." }) },
        },
      },
      async ({ raw }, reply) => {
        access.close(raw, reply.raw);
        return reply.code(204).header("set-cookie", cookieGone(raw)).send(null);
      },
    );
  };
