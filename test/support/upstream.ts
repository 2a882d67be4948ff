import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions, TLSSocket } from "node:tls";
import { Cut, framingOf, type Head, type Header, Wire } from "./wire.ts";

/** One request as it arrived, and the bytes that answer it. */
export class Exchange {
  readonly head: Head;
  readonly method: string;
  readonly target: string;
  readonly socket: Socket;
  /** The TCP connection below TLS. */
  readonly tcp: Socket;
  /** The common name of the client's certificate. */
  readonly certificate: string | undefined;
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  readonly #whole = Promise.withResolvers<Buffer>();
  readonly #pieces: Buffer[] = [];
  #arrived = 0;
  readonly #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];

  constructor(head: Head, socket: Socket, tcp: Socket, closed: Promise<void>) {
    this.head = head;
    this.socket = socket;
    this.tcp = tcp;
    [this.method = "", this.target = ""] = head.start.split(" ");
    this.certificate =
      socket instanceof TLSSocket ? [socket.getPeerCertificate().subject?.CN].flat()[0] : undefined;
    this.closed = closed;
    this.#whole.promise.catch(() => {});
  }

  /** Reads the body to its end; called by the upstream. */
  async take(body: AsyncGenerator<Buffer, readonly Header[]>): Promise<void> {
    try {
      for await (const piece of body) {
        this.#pieces.push(piece);
        this.#arrived += piece.length;
        for (const { bytes, resolve } of this.#waiting) if (bytes <= this.#arrived) resolve();
      }
      this.#whole.resolve(Buffer.concat(this.#pieces));
    } catch (error) {
      this.#whole.reject(error);
      throw error;
    }
  }

  /** The whole body; rejects with `Cut` when the client left before its end. */
  get body(): Promise<Buffer> {
    return this.#whole.promise;
  }

  /** Resolves when so many bytes of the body have arrived. */
  async received(bytes: number): Promise<void> {
    if (this.#arrived >= bytes) return;
    await new Promise<void>((resolve) => this.#waiting.push({ bytes, resolve }));
  }

  /** Writes bytes of the answer as they are; resolves when the system has taken them. */
  async write(bytes: string | Buffer): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Resets the connection (RST), as a killed server does. */
  reset(): void {
    this.tcp.resetAndDestroy();
  }

  /** Answers with 200, JSON, and a length. */
  async json(data: unknown, status = "200 OK"): Promise<void> {
    const body = Buffer.from(JSON.stringify(data));
    await this.write(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.toString()}`,
    );
  }
}

export type Answering = (exchange: Exchange) => void | Promise<void>;

/** A server that records every byte and answers with bytes that the test wrote. */
export class Upstream {
  readonly origin: string;
  /** How many connections were opened (after TLS). */
  connections = 0;
  /** Every request since the last `forget`. */
  exchanges: Exchange[] = [];
  /** What answers; by default a small JSON document, after the whole request. */
  answer: Answering = answerOk;
  /** Whether it reads bodies; otherwise they stay with the sender once the buffers between are full. */
  reading = true;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #expecting: ((exchange: Exchange) => void)[] = [];

  constructor(server: Server, origin: string) {
    this.#server = server;
    this.origin = origin;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
    });
    server.on("tlsClientError", () => {});
    server.on(origin.startsWith("https:") ? "secureConnection" : "connection", (socket: Socket) => {
      this.connections += 1;
      socket.on("error", () => {});
      void this.#serve(socket);
    });
  }

  /** The next request that arrives from now on. */
  next(): Promise<Exchange> {
    return new Promise((resolve) => this.#expecting.push(resolve));
  }

  /** How many TCP connections are open. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Forgets what was recorded, and answers as a new one does. */
  forget(): void {
    this.exchanges = [];
    this.connections = 0;
    this.answer = answerOk;
    this.reading = true;
  }

  /** Closes every connection, and keeps listening. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.hangUp();
    this.#server.close();
    await once(this.#server, "close");
  }

  #below(socket: Socket): Socket {
    return [...this.#sockets].find(({ remotePort }) => remotePort === socket.remotePort) ?? socket;
  }

  async #serve(socket: Socket): Promise<void> {
    const wire = new Wire(socket);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    try {
      for (let head = await wire.head(); head !== undefined; head = await wire.head()) {
        const exchange = new Exchange(head, socket, this.#below(socket), closed);
        this.exchanges.push(exchange);
        for (const resolve of this.#expecting) resolve(exchange);
        this.#expecting = [];
        if (!this.reading) {
          await exchange.closed;
          return;
        }
        const answered = Promise.resolve(this.answer(exchange)).catch((error: unknown) => {
          if (!(error instanceof Cut)) throw error;
        });
        await exchange.take(wire.body(framingOf(head, { bytes: 0 })));
        await answered;
      }
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
    }
  }
}

const answerOk: Answering = async (exchange) => {
  await exchange.body;
  await exchange.json({ ok: true });
};

/** Starts an upstream on a free port of 127.0.0.1: over TLS with these options, or plain without. */
export async function startUpstream(tls?: TlsOptions): Promise<Upstream> {
  const server = tls === undefined ? createTcpServer() : createTlsServer(tls);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return new Upstream(server, `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`);
}
