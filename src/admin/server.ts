import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import fastify from "fastify";
import { errorBody } from "../errors.ts";
import { refuseMalformed } from "./malformed.ts";
import type { Site } from "./site.ts";
import type { AdminSources } from "./sources.ts";

/** What is asked for by machines, often and from the start; all else is the site's: the console and its API. */
const plain = /^\/(?:healthz|readyz|metrics)(?:\?|$)/;

type Answer = (req: IncomingMessage, res: ServerResponse) => void;

/** The answer to the last request of a connection. */
interface Last {
  readonly res: ServerResponse;
  /** When all of it was given (`performance.now`). */
  endedMs?: number;
}

/** The admin listener's server; the caller binds it. */
export interface Admin {
  readonly server: Server;
  /**
   * Since when a connection could have been closed and nobody would have missed an answer (`performance.now`): 0 if it
   * gave none yet, undefined if somebody would.
   */
  idleSinceMs(socket: Socket): number | undefined;
  /** Cuts off what the site answers, event streams among it, and lets it answer no more: health and metrics go on. */
  quiet(): void;
  close(): Promise<void>;
}

export async function createAdmin(sources: AdminSources): Promise<Admin> {
  const { guard, inTurn, state, metrics, known } = sources;
  const site = new LazySite(sources);
  const answers = new WeakMap<Socket, Last>();
  const app = fastify({
    clientErrorHandler(error, socket) {
      if (error.code === "ECONNRESET" || !socket.writable) return;
      const res = answers.get(socket)?.res;
      const waiting = res !== undefined && !res.writableFinished;
      // What is wrong stands behind a request that waits for its answer, or within one whose answer has begun: ours would
      // be taken for it, or for a part of it.
      if (waiting && (res.req.complete || res.headersSent || res.socket === null)) socket.destroy();
      else refuseMalformed(error, socket);
    },
    serverFactory: (answer: Answer) =>
      createServer({ requestTimeout: 30_000, insecureHTTPParser: false }, (req, res) => {
        const last: Last = { res };
        answers.set(req.socket, last);
        res.once("finish", () => (last.endedMs = performance.now()));
        inTurn(req.socket, res, () => {
          if (plain.test(req.url ?? "")) answer(req, res);
          else site.answer(req, res);
        });
      }),
  });
  app.addHook("onRequest", async (request) => guard(request.raw, request.originalUrl));
  app.setErrorHandler((error, _request, reply) => {
    const refusal = known(error);
    return reply.code(refusal.status).type("application/json").send(errorBody(refusal));
  });

  // Alive: the process answers. Ready: it takes requests, though single endpoints may lack their credentials.
  app.get("/healthz", () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const { ready, ...more } = await state();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready", ...more });
  });
  app.get("/metrics", async (_request, reply) => {
    const { contentType, text } = await metrics();
    return reply.header("Content-Type", contentType).send(text);
  });
  await app.ready();
  return {
    server: app.server,
    idleSinceMs(socket) {
      const last = answers.get(socket);
      if (last === undefined) return 0;
      return last.endedMs ?? (socket.writableEnded ? 0 : undefined);
    },
    quiet: () => site.quiet(),
    async close() {
      site.quiet();
      await site.close();
      await app.close();
    },
  };
}

/** The site, made when it is first asked for: a sidecar whose console nobody opens starts and lives without it. */
class LazySite {
  readonly #sources: AdminSources;
  readonly #answers = new Set<ServerResponse>();
  #made: Promise<Site> | undefined;
  #quiet = false;

  constructor(sources: AdminSources) {
    this.#sources = sources;
  }

  answer(req: IncomingMessage, res: ServerResponse): void {
    if (this.#quiet) {
      res.destroy();
      return;
    }
    this.#answers.add(res);
    res.once("close", () => this.#answers.delete(res));
    this.#made ??= import("./site.ts").then(({ createSite }) => createSite(this.#sources));
    this.#made.then(
      (site) => site.answer(req, res),
      (error: unknown) => {
        this.#made = undefined;
        const refusal = this.#sources.known(error);
        res.writeHead(refusal.status, { "Content-Type": "application/json" }).end(errorBody(refusal));
      },
    );
  }

  quiet(): void {
    this.#quiet = true;
    for (const res of this.#answers) res.destroy();
  }

  async close(): Promise<void> {
    const site = await this.#made?.catch(() => undefined);
    await site?.close();
  }
}
