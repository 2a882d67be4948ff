import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { isLoopback } from "../config/address.ts";
import type { Address } from "../config/config.ts";
import { problem, reasonOf } from "../errors.ts";
import { incomingOf, asksForWebSocket } from "./local/incoming-request.ts";
import { Clients } from "./local/clients.ts";
import { type Entry, Handler, type HandlerOptions } from "./handle.ts";
import { HttpReply } from "./local/http-reply.ts";
import { limits } from "./limits.ts";
import { handTo, isLingering, linger } from "./local/linger.ts";
import { beginChecks, type Listener, listenOnEach } from "./local/listen.ts";
import { Pipeline } from "./local/pipeline.ts";
import { PlainConnection } from "./local/plain-connection.ts";
import { errorResponse } from "./local/respond.ts";
import { responseOn } from "./local/response-on.ts";
import type { Rules } from "./keys/rules.ts";
import { Turn } from "./turn.ts";
import { limitSlowReader, whenUntaken } from "./local/untaken.ts";

/** A place to listen, and the endpoint that its `/v1` is, if it is an endpoint's own. */
export interface Binding {
  readonly address: Address;
  readonly endpoint: string | undefined;
}

/** A connection that was a plain one before. */
interface HandedOver {
  readonly entry: Entry;
  /** When the last answer of the plain one was given, 0 if it gave none. */
  readonly idleSinceMs: number;
  /** It came with bytes that did not wait for its last answer. */
  readonly early: boolean;
}

/** The answer to the last request of a connection. */
interface Answer {
  readonly res: ServerResponse;
  readonly reply: HttpReply;
  /** When all of it was given, in the clock of `performance.now`. */
  endedMs?: number;
}

const anywhere: Entry = { endpoint: undefined, unixSocket: false };

/**
 * The gateway's listeners. Connections of all bindings begin as plain ones; what is not plain goes to Node's HTTP
 * server. Either way the requests go to the handler.
 */
export class Gateway {
  readonly #server: Server;
  readonly #handler: Handler;
  readonly #log: Logger;
  readonly #turn = new Turn();
  readonly #pipeline = new Pipeline();
  readonly #rules: () => Rules;
  readonly #clients = new Clients();
  readonly #plain = new Map<Socket, PlainConnection>();
  readonly #handedOver = new WeakMap<object, HandedOver>();
  /** The last answer that each connection was asked for. */
  readonly #answers = new WeakMap<object, Answer>();
  /** Connections whose bytes were no request, and which wait for the answer before that. */
  readonly #refused = new WeakSet<object>();
  #listeners: readonly Listener[] = [];
  /** Every answer is the last one of its connection. */
  #stopping = false;

  constructor(options: HandlerOptions) {
    this.#log = options.log;
    this.#rules = options.rules;
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
      // One with a body is the guard's to refuse: Node would give it out in a stream that is no socket.
      shouldUpgradeCallback: (req) =>
        asksForWebSocket(req) && !announcesBody(req) && !this.#isAnswering(req.socket),
    });
    // More headers than this Node would drop without a word; the guard refuses them instead.
    this.#server.maxHeadersCount = limits.requestHeaders + 1;
    // Silence is judged here, not by Node.
    this.#server.setTimeout(limits.bodySilenceMs, (socket: Socket) => this.#stalled(socket));
    this.#server.on("request", (req, res) => this.#answer(req, res));
    this.#server.on("upgrade", (req, socket, head) => this.#upgrade(req, socket as Socket, head));
    this.#server.on("clientError", (error, socket) => this.#refuse(error, socket as Socket));
    // The guard refuses what cannot be expected, with an error of ours.
    this.#server.on("checkExpectation", (req, res) => this.#answer(req, res));
  }

  /**
   * Listens at every binding, or at none. Those of IPv6 are left out on a machine without it, if another one works.
   *
   * @returns their addresses, in order
   * @throws PosternError address_in_use, address_unavailable
   */
  async listen(bindings: readonly Binding[]): Promise<string[]> {
    this.begin();
    try {
      this.#listeners = await listenOnEach(
        bindings,
        (socket, binding) => this.receive(socket, binding),
        this.#log,
      );
    } catch (error) {
      await this.stop(AbortSignal.abort());
      throw error;
    }
    return this.#listeners.map(({ url }) => url);
  }

  /** Gets ready for connections that another process accepts. */
  begin(): void {
    beginChecks(this.#server);
  }

  /** Takes a connection that came in at a binding. */
  receive(socket: Socket, { address, endpoint }: Binding): void {
    const unixSocket = "socket" in address;
    const open = !unixSocket && !isLoopback(address.host);
    this.#accept(socket, { endpoint, unixSocket, ...(open && { address: addressOf(socket) }) });
  }

  /** Takes no more connections, lets what is in flight go on until `over` aborts, then closes everything. */
  async stop(over: AbortSignal): Promise<void> {
    this.#stopping = true;
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#clients.sockets) this.#closeBehind(this.#answers.get(socket), socket);
    for (const connection of this.#plain.values()) connection.close();
    this.#server.closeIdleConnections();
    await this.#handler.drain(over);
    await this.#clients.part(limits.partingMs);
    await Promise.all(this.#listeners.map((listener) => listener.end()));
    this.#server.close(() => {});
  }

  #accept(socket: Socket, entry: Entry): void {
    const { connections } = this.#rules();
    const wasFull = this.#clients.full;
    if (!this.#clients.admit(socket, () => this.#idleSinceMs(socket), connections)) {
      if (!wasFull) this.#log.warn({ connections }, "no room for more connections; new ones are turned away");
      return;
    }
    const connection = new PlainConnection(socket, {
      turn: this.#turn,
      handle: (incoming, reply) => void this.#handler.handle({ incoming, reply, entry }),
      handOver: (bytes, early) => {
        this.#plain.delete(socket);
        this.#handedOver.set(socket, { entry, idleSinceMs: connection.idleSinceMs ?? 0, early });
        handTo(this.#server, socket);
        socket.emit("data", bytes);
      },
    });
    this.#plain.set(socket, connection);
    socket.once("close", () => this.#plain.delete(socket));
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    // What stands behind a request whose answer closes the connection is nobody's (RFC 9112 §9.6).
    if (this.#answers.get(req.socket)?.res.shouldKeepAlive === false) return;
    const reply = new HttpReply(req, res, this.#turn);
    const answer: Answer = { res, reply };
    this.#answers.set(req.socket, answer);
    res.once("finish", () => (answer.endedMs = performance.now()));
    // While the endpoint takes nothing, silence is its own: it begins to count anew when the body flows again.
    if (!req.complete) req.on("resume", () => req.socket.setTimeout(limits.bodySilenceMs));
    // Node drops what came in one packet behind an upgrade that is declined, so nothing may be expected there.
    if (req.headers.upgrade !== undefined || this.#stopping) res.shouldKeepAlive = false;
    const handle = (): void =>
      void this.#handler.handle({ incoming: incomingOf(req), reply, entry: this.#entryOf(req) });
    this.#pipeline.enter(req.socket, res, handle);
  }

  /** Has a connection of Node's server closed behind the answer that it was asked for last. */
  #closeBehind(answer: Answer | undefined, socket: Socket): void {
    const { res } = answer ?? {};
    if (res?.shouldKeepAlive !== true || res.writableFinished) return;
    if (res.headersSent) res.once("finish", () => linger(socket));
    // Else its head says so, and Node closes.
    res.shouldKeepAlive = false;
  }

  #upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    const res = responseOn(req, socket);
    const reply = new HttpReply(req, res, this.#turn);
    this.#answers.set(socket, { res, reply });
    // Node has taken its own listeners off: without these a declined upgrade's answer would wait for ever.
    const drained = (): void => void res.emit("drain");
    const unwatch = whenUntaken(socket, () => socket.destroy());
    // Until the endpoint has agreed nobody else reads the connection, or hears of its end.
    const early = [head];
    let bytes = head.length;
    const keep = (chunk: Buffer): void => {
      early.push(chunk);
      bytes += chunk.length;
      if (bytes > limits.pipelinedBytes) socket.destroy();
    };
    const left = (): void => void socket.destroy();
    socket.on("data", keep).on("end", left).on("drain", drained);
    const detach = (): Buffer => {
      unwatch();
      socket.off("data", keep).off("end", left).off("drain", drained).pause();
      res.detachSocket(socket);
      return Buffer.concat(early);
    };
    void this.#handler.handle({
      incoming: incomingOf(req),
      reply,
      entry: this.#entryOf(req),
      upgrade: { socket, detach },
    });
  }

  /** Since when a connection could have been closed and nobody would have missed an answer: 0 if it gave none yet. */
  #idleSinceMs(socket: Socket): number | undefined {
    const plain = this.#plain.get(socket);
    if (plain !== undefined) return plain.idleSinceMs;
    const answer = this.#answers.get(socket);
    // What lingers carries no request, whether its last answer has been read or not.
    if (isLingering(socket)) return answer?.endedMs ?? 0;
    return answer === undefined ? (this.#handedOver.get(socket)?.idleSinceMs ?? 0) : answer.endedMs;
  }

  /** Whether an answer by Node's server is awaited on a connection, or on its way. */
  #isAnswering(socket: Socket): boolean {
    const { res } = this.#answers.get(socket) ?? {};
    return res !== undefined && (res.socket !== null || !res.writableFinished);
  }

  /** A connection of Node's server has been silent for its timeout. */
  #stalled(socket: Socket): void {
    const answer = this.#answers.get(socket);
    // A head that does not come whole is `headersTimeout`'s.
    if (answer === undefined) return;
    if (answer.res.writableFinished) socket.destroy();
    else if (!limitSlowReader(socket)) answer.reply.stalled();
  }

  #entryOf(req: IncomingMessage): Entry {
    return this.#handedOver.get(req.socket)?.entry ?? anywhere;
  }

  /** Node's parser has refused what a client sent: answer as we answer everything, and close. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    if (isLingering(socket) || this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const answer = this.#answers.get(socket);
    // What is no request stands behind one that has its answer: a second one would be taken for the next request's.
    if (answer === undefined && this.#handedOver.get(socket)?.early === true) {
      linger(socket);
      return;
    }
    const waiting = answer !== undefined && !answer.res.writableFinished;
    // A client that closes its side is gone, whatever it has begun to send behind its last whole request.
    if (waiting && answer.res.req.complete && error.code === "HPE_INVALID_EOF_STATE") {
      socket.destroy();
      return;
    }
    if (waiting && answer.res.req.complete) {
      // What is wrong stands behind a request that has, or gets, its answer; that one is given whole.
      answer.res.once("finish", () => linger(socket));
      return;
    }
    // Within an answer, or before one that an earlier request waits for, ours would be taken for a part of it.
    if (waiting && (answer.res.headersSent || answer.res.socket === null)) {
      socket.destroy();
      return;
    }
    const reason = error.code === "HPE_HEADER_OVERFLOW" ? "they are too long" : reasonOf(error);
    const refusal = problem("request_headers_invalid", { reason });
    socket.write(errorResponse(refusal, "Bad Request", "none"));
    linger(socket);
    // The endpoint need not wait until the connection is closed.
    if (waiting) answer.reply.lost();
  }
}

/** The address at which a connection came in, as a Host header names it. */
function addressOf({ localAddress = "" }: Socket): string {
  const ipv4 = /^::ffff:([\d.]+)$/i.exec(localAddress)?.[1];
  return ipv4 ?? (localAddress.includes(":") ? `[${localAddress}]` : localAddress);
}

function announcesBody(req: IncomingMessage): boolean {
  const { content } = incomingOf(req);
  return content !== undefined && content.length !== 0;
}
