import { chmod, unlink } from "node:fs/promises";
import type { Server as HttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Address } from "../config/config.ts";
import { type PosternError, problem, reasonOf } from "../errors.ts";

/** A bound address. */
export interface Listener {
  /** `http://127.0.0.1:8080`, or `unix:/path`. */
  readonly url: string;
  /** Takes no more connections; those that are open go on. */
  close(): void;
  /** Ends the connections that are open still; after `close`, resolves when all is over. */
  end(): Promise<void>;
}

const nameOf = (address: Address): string =>
  "socket" in address
    ? `unix:${address.socket}`
    : `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;

/** Whether a program answers at a Unix socket; one left by a program that died refuses. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}

function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(
      "socket" in address ? { path: address.socket } : { host: address.host, port: address.port },
      () => {
        server.off("error", reject);
        resolve();
      },
    );
  });
}

function listenError(address: Address, error: unknown): PosternError {
  const name = nameOf(address);
  if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
    return problem("address_in_use", { address: name }, error);
  return problem("address_unavailable", { address: name, reason: reasonOf(error) }, error);
}

/**
 * Binds an address and hands its connections to `accept`.
 *
 * @throws PosternError address_in_use, address_unavailable
 */
export async function listenOn(address: Address, accept: (socket: Socket) => void): Promise<Listener> {
  // A client that has sent its request may close its side (RFC 9112 §9.6) and still wants the answer.
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    accept(socket);
  });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  try {
    if ("socket" in address && !(await answers(address.socket))) await unlink(address.socket).catch(() => {});
    await bind(server, address);
    // Whoever can open the socket uses the credentials: that is its owner alone.
    if ("socket" in address) await chmod(address.socket, 0o600);
  } catch (error) {
    server.close();
    throw listenError(address, error);
  }
  const bound = server.address();
  const url =
    bound !== null && typeof bound === "object"
      ? `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`
      : nameOf(address);
  return {
    url,
    close: () => void server.close(),
    end: () => {
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}

/**
 * Makes an HTTP server that is handed its connections, and never binds, enforce its time limits: it begins its checks
 * with this event. `server.close()` ends them.
 */
export function beginChecks(server: HttpServer): void {
  server.emit("listening");
}
