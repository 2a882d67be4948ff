import { createServer, type IncomingMessage, METHODS, type Server } from "node:http";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import type { Address } from "../config/config.ts";
import { problem, reasonOf } from "../errors.ts";
import { type Entry, Handler, type HandlerOptions, responseOn } from "./handle.ts";
import { limits } from "./limits.ts";
import { beginChecks, type Listener, listenOn } from "./listen.ts";
import { errorResponse } from "./respond.ts";

/** A place to listen, and the endpoint that its `/v1` is, if it is an endpoint's own. */
export interface Doorway {
  readonly address: Address;
  readonly endpoint: string | undefined;
}

const anywhere: Entry = { endpoint: undefined, unixSocket: false };

/** The gateway's listeners: one HTTP server behind all doorways, whose requests go to the handler. */
export class Gateway {
  readonly #server: Server;
  readonly #app: FastifyInstance;
  readonly #handler: Handler;
  readonly #entries = new WeakMap<object, Entry>();
  readonly #listeners: Listener[] = [];

  constructor(options: HandlerOptions) {
    this.#handler = new Handler(options);
    this.#server = createServer({
      maxHeaderSize: limits.requestHeadBytes,
      headersTimeout: limits.requestHeadMs,
      // A stream or an upload may take as long as it takes: it is judged by its silence.
      requestTimeout: 0,
      keepAliveTimeout: limits.clientKeepAliveMs,
      // Host is the guard's to judge, with an error of ours.
      requireHostHeader: false,
      // Other upgrades (curl and Java offer h2c) are declined as RFC 9110 §7.8 allows: by answering as usual.
      shouldUpgradeCallback: (req) => req.headers.upgrade?.toLowerCase() === "websocket",
    });
    // More headers than this Node would drop without a word; the guard refuses them instead.
    this.#server.maxHeadersCount = limits.requestHeaders + 1;
    this.#server.on("upgrade", (req: IncomingMessage, socket: Socket, head: Buffer) => {
      const upgrade = { socket, head };
      void this.#handler.handle({
        req,
        res: responseOn(req, socket),
        target: req.url ?? "",
        entry: this.#entryOf(req),
        upgrade,
      });
    });
    this.#app = this.#routes();
  }

  /**
   * Listens at every doorway, or at none.
   *
   * @returns their addresses, in order
   * @throws PosternError address_in_use, address_unavailable
   */
  async listen(doorways: readonly Doorway[]): Promise<string[]> {
    await this.#app.ready();
    beginChecks(this.#server);
    try {
      for (const { address, endpoint } of doorways) {
        const entry = { endpoint, unixSocket: "socket" in address };
        this.#listeners.push(await listenOn(address, (socket) => this.#accept(socket, entry)));
      }
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    return this.#listeners.map(({ url }) => url);
  }

  /** Takes no more connections, lets what is in flight end for up to `drainMs`, then closes everything. */
  async stop(drainMs: number): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    this.#server.closeIdleConnections();
    await this.#handler.drain(drainMs);
    await Promise.all(this.#listeners.map((listener) => listener.end()));
    await this.#app.close();
    this.#server.close(() => {});
  }

  #routes(): FastifyInstance {
    const app = fastify({
      serverFactory: (handler) => this.#server.on("request", handler),
      // Every target goes to the one route below; ours are mapped by target.ts, from the raw text.
      rewriteUrl: () => "/",
      clientErrorHandler: refuseHead,
    });
    for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
    app.addHook("onRequest", (request, reply, _done) => {
      // Taken over before Fastify would read the body.
      reply.hijack();
      const { raw: req } = request;
      void this.#handler.handle({
        req,
        res: reply.raw,
        target: request.originalUrl,
        entry: this.#entryOf(req),
      });
    });
    app.all("/", () => {});
    return app;
  }

  #accept(socket: Socket, entry: Entry): void {
    this.#entries.set(socket, entry);
    this.#server.emit("connection", socket);
  }

  #entryOf(req: IncomingMessage): Entry {
    return this.#entries.get(req.socket) ?? anywhere;
  }
}

/** Node's parser has refused a request's head: answer as we answer everything, and close. */
function refuseHead(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const reason = error.code === "HPE_HEADER_OVERFLOW" ? "they are too long" : reasonOf(error);
  const refusal = problem("request_headers_invalid", { reason });
  socket.end(errorResponse(refusal, "Bad Request", "none"), () => socket.destroy());
}
