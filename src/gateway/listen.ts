import { lstat, unlink } from "node:fs/promises";
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

/** Removes a Unix socket left by a program that died: nobody answers there. Anything else at its path stays. */
async function clear(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there?.isSocket() !== true) return;
  const left = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "ECONNREFUSED"));
  });
  if (left) await unlink(path);
}

function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      // When no descriptor is left, a connection is not accepted; those that stand go on.
      server.on("error", () => {});
      resolve();
    });
    if (!("socket" in address)) {
      server.listen({ host: address.host, port: address.port });
      return;
    }
    // Whoever can open the socket uses the credentials: that is its owner alone, from the first moment.
    const before = process.umask(0o177);
    try {
      server.listen({ path: address.socket });
    } finally {
      process.umask(before);
    }
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
  const sockets = new Set<Socket>();
  // As Node's own HTTP server does: it wants to end the connection itself when a client has closed its side.
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    accept(socket);
  });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  try {
    if ("socket" in address) await clear(address.socket);
    await bind(server, address);
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

/** Whether an address was not bound because the machine has no IPv6. */
export function lacksIpv6(address: Address, error: unknown): boolean {
  if ("socket" in address || !address.host.includes(":") || !(error instanceof Error)) return false;
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT";
}

/**
 * Makes an HTTP server that is handed its connections, and never binds, enforce its time limits: it begins its checks
 * with this event. `server.close()` ends them.
 */
export function beginChecks(server: HttpServer): void {
  server.emit("listening");
}
