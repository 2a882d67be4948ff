import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Asset, codingFor, readAssets } from "./assets.ts";
import { refuseUnknown } from "./refusal.ts";

/** The pages of the console, all of which its one document draws. */
const pages = ["/", "/vault", "/endpoints", "/live", "/playground", "/settings"];

/** Serves the console's files. They are read when the first page is asked for; programs may never do that. */
export function servePages(app: FastifyInstance): void {
  let read: Promise<ReadonlyMap<string, Asset>> | undefined;
  const assets = (): Promise<ReadonlyMap<string, Asset>> => {
    read ??= readAssets().catch((error: unknown) => {
      // It may be built meanwhile.
      read = undefined;
      throw error;
    });
    return read;
  };
  const serve = async (path: string, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const asset = (await assets()).get(path);
    if (asset === undefined) return reply.callNotFound();
    const coding = codingFor(request.headers["accept-encoding"] ?? "", asset);
    reply
      .type(asset.type)
      .header("vary", "accept-encoding")
      .header("cache-control", asset.immutable ? "public, max-age=31536000, immutable" : "no-store");
    if (coding !== undefined) reply.header("content-encoding", coding);
    return reply.send((coding && asset.coded.get(coding)) ?? asset.bytes);
  };
  for (const page of pages)
    app.get(page, { schema: { hide: true } }, async (request, reply) => serve("/index.html", request, reply));
  // No wildcard beside these: it would answer for paths of the API, too.
  for (const path of ["/assets/*", "/THIRD-PARTY.txt"])
    app.get(path, { schema: { hide: true } }, async (request, reply) =>
      serve(request.originalUrl.split("?", 1)[0] ?? "/", request, reply),
    );
  // Whoever mistypes an address sees the way back, and a program an error that it can read.
  app.setNotFoundHandler(async (request, reply) =>
    isVisit(request) ? serve("/index.html", request, reply.code(404)) : refuseUnknown(request, reply),
  );
}

/** Whether somebody goes there with a browser. Not every one of them says so itself. */
function isVisit({ method, headers }: FastifyRequest): boolean {
  const { "sec-fetch-mode": mode, accept = "" } = headers;
  const wantsPage = mode === undefined ? /\btext\/html\b/i.test(accept) : mode === "navigate";
  return wantsPage && (method === "GET" || method === "HEAD");
}
