import { createServer, type IncomingMessage, METHODS, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import type { Address } from "../config/config.ts";
import type { Logger } from "pino";
import { problem, reasonOf } from "../errors.ts";
import { type Entry, Handler, type HandlerOptions, responseOn } from "./handle.ts";
import { asksForWebSocket } from "./guard.ts";
import { limits } from "./limits.ts";
import { beginChecks, lacksIpv6, type Listener, listenOn } from "./listen.ts";
import { errorResponse } from "./respond.ts";

/** A place to listen, and the endpoint that its `/v1` is, if it is an endpoint's own. */
export interface Doorway {
  readonly address: Address;
  readonly endpoint: string | undefined;
}

/** The answer to the last request of a connection. */
interface Answer {
  readonly res: ServerResponse;
  /** It is an error of ours; its connection may still be read from (see `readPast`). */
  refused: boolean;
}

const anywhere: Entry = { endpoint: undefined, unixSocket: false };

/** The gateway's listeners: one HTTP server behind all doorways, whose requests go to the handler. */
export class Gateway {
  readonly #server: Server;
  readonly #app: FastifyInstance;
  readonly #handler: Handler;
  readonly #log: Logger;
  readonly #entries = new WeakMap<object, Entry>();
  /** The last answer that each connection was asked for. */
  readonly #answers = new WeakMap<object, Answer>();
  /** Connections whose bytes were no request; what follows is read past. */
  readonly #refused = new WeakSet<object>();
  readonly #listeners: Listener[] = [];

  constructor(options: HandlerOptions) {
    this.#log = options.log;
    this.#handler = new Handler(options);
    this.#server = createServer({
      maxHeaderSize: limits.requestHeadBytes,
      // Explicit, so that NODE_OPTIONS=--insecure-http-parser changes nothing.
      insecureHTTPParser: false,
      headersTimeout: limits.requestHeadMs,
      // A stream or an upload may take as long as it takes: it is judged by its silence.
      requestTimeout: 0,
      keepAliveTimeout: limits.clientKeepAliveMs,
      // Host is the guard's to judge, with an error of ours.
      requireHostHeader: false,
      // Other upgrades (curl and Java offer h2c) are declined as RFC 9110 §7.8 allows: by answering as usual.
      shouldUpgradeCallback: asksForWebSocket,
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
    // The guard refuses what cannot be expected, with an error of ours.
    this.#server.on("checkExpectation", (req, res) => this.#server.emit("request", req, res));
    this.#app = this.#routes();
  }

  /**
   * Listens at every doorway, or at none. Those of IPv6 are left out on a machine without it, if another one works.
   *
   * @returns their addresses, in order
   * @throws PosternError address_in_use, address_unavailable
   */
  async listen(doorways: readonly Doorway[]): Promise<string[]> {
    await this.#app.ready();
    beginChecks(this.#server);
    const left: unknown[] = [];
    try {
      for (const { address, endpoint } of doorways) {
        const entry = { endpoint, unixSocket: "socket" in address };
        try {
          this.#listeners.push(await listenOn(address, (socket) => this.#accept(socket, entry)));
        } catch (error) {
          if (!lacksIpv6(address, error)) throw error;
          left.push(error);
        }
      }
      if (this.#listeners.length === 0 && left.length > 0) throw left[0];
      for (const error of left)
        this.#log.warn({ reason: reasonOf(error) }, "this machine has no IPv6; the other listeners serve");
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
      clientErrorHandler: (error, socket) => this.#refuse(error, socket),
    });
    for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
    app.addHook("onRequest", (request, reply, _done) => {
      // Taken over before Fastify would read the body.
      reply.hijack();
      const { raw: req } = request;
      // What stands behind a request whose answer closes the connection is nobody's (RFC 9112 §9.6).
      if (this.#answers.get(req.socket)?.res.shouldKeepAlive === false) return;
      const answer: Answer = { res: reply.raw, refused: false };
      this.#answers.set(req.socket, answer);
      // Node drops what came in one packet behind an upgrade that is declined, so nothing may be expected there.
      if (req.headers.upgrade !== undefined) reply.raw.shouldKeepAlive = false;
      void this.#handler.handle({
        req,
        res: reply.raw,
        target: request.originalUrl,
        entry: this.#entryOf(req),
        refused: () => (answer.refused = true),
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

  /** Node's parser has refused what a client sent: answer as we answer everything, and close. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const answer = this.#answers.get(socket);
    const waiting = answer !== undefined && !answer.res.writableFinished;
    if (waiting && (answer.res.req.complete || answer.refused)) {
      // What is wrong stands behind a request that has, or gets, its answer; that one is given whole.
      answer.res.once("finish", () => socket.end());
      if (answer.refused) answer.res.end();
      return;
    }
    // Within an answer, or before one that an earlier request waits for, ours would be taken for a part of it.
    if (waiting && (answer.res.headersSent || answer.res.socket === null)) {
      socket.destroy();
      return;
    }
    const reason = error.code === "HPE_HEADER_OVERFLOW" ? "they are too long" : reasonOf(error);
    const refusal = problem("request_headers_invalid", { reason });
    const text = errorResponse(refusal, "Bad Request", "none");
    if (waiting) {
      socket.end(text, () => socket.destroy());
      return;
    }
    socket.end(text);
    // The client may send on for a while before it reads (see `readPast`).
    const timer = setTimeout(() => socket.destroy(), limits.lingerMs);
    socket.once("close", () => clearTimeout(timer));
  }
}
