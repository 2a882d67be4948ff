import type { IncomingMessage, ServerResponse } from "node:http";
import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { Threads } from "../vault/apart/take.ts";
import { Access } from "./access/access.ts";
import type { Session } from "./access/sessions.ts";
import { aboutRoutes } from "./api/about.ts";
import { auditRoutes } from "./api/audit.ts";
import { configurationRoutes } from "./api/configuration.ts";
import { endpointRoutes } from "./api/endpoints.ts";
import { itemChangeRoutes } from "./api/item-changes.ts";
import { itemSecretRoutes } from "./api/item-secrets.ts";
import { itemRoutes } from "./api/items.ts";
import { keyRoutes } from "./api/keys.ts";
import { kindRoutes } from "./api/kinds.ts";
import { liveRoutes } from "./api/live.ts";
import { playgroundRoutes } from "./api/playground.ts";
import { entryRoutes, sessionRoutes } from "./api/session.ts";
import { siteHeaders } from "./headers.ts";
import { servePages } from "./pages.ts";
import { refuse, refuseUnknown } from "./refusal.ts";
import type { AdminSources } from "./sources.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Of a browser; undefined for a program with the admin token. */
    session: Session | undefined;
  }
}

/** Of a request's body, where a route does not say another. */
const bodyBytes = 1024 * 1024;

/** How often sessions that are over, or locked out by another admin token, are ended where nobody asks. */
const tidyMs = 15_000;

/** What answers for the console's pages and for the API. */
export interface Site {
  answer(req: IncomingMessage, res: ServerResponse): void;
  close(): Promise<void>;
}

/** @param prepare is given the server before its routes: what writes the API's documentation looks at them there */
export async function createSite(
  sources: AdminSources,
  prepare: (app: FastifyInstance) => Promise<void> = async () => {},
): Promise<Site> {
  const access = new Access(sources.token);
  const threads = new Threads();
  const tidying = setInterval(() => access.tidy(), tidyMs).unref();
  const app = fastify({
    bodyLimit: bodyBytes,
    // For what no hook gets to see: a path that cannot be decoded, or is too long.
    frameworkErrors: (error, request, reply) => {
      reply.headers(siteHeaders);
      try {
        sources.guard(request.raw, request.originalUrl);
        refuse(error, reply, sources.known);
      } catch (refused) {
        refuse(refused, reply, sources.known);
      }
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // A page of another site can send it without asking first; nothing here is plain text.
  app.removeContentTypeParser("text/plain");
  app.decorateRequest("session", undefined);
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(siteHeaders);
    sources.guard(request.raw, request.originalUrl);
  });
  app.setErrorHandler((error, _request, reply) => refuse(error, reply, sources.known));
  await prepare(app);
  servePages(app);
  await app.register(
    async (api) => {
      await api.register(entryRoutes(access));
      await api.register(async (within) => {
        within.addHook("onRequest", async (request, reply) => {
          request.session = access.admit(request.raw, reply.raw);
        });
        // Whoever is not in learns nothing of what is there.
        within.setNotFoundHandler(refuseUnknown);
        await within.register(sessionRoutes(access));
        await within.register(itemRoutes(sources, threads));
        await within.register(itemChangeRoutes(sources, threads));
        for (const routes of [
          kindRoutes,
          itemSecretRoutes,
          endpointRoutes,
          liveRoutes,
          playgroundRoutes,
          configurationRoutes,
          keyRoutes,
          auditRoutes,
          aboutRoutes,
        ])
          await within.register(routes(sources));
      });
    },
    { prefix: "/api/v1" },
  );
  await app.ready();
  return {
    answer: (req, res) => app.routing(req, res),
    close: async () => {
      clearInterval(tidying);
      await app.close();
    },
  };
}
