import { chmodSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "pino";
import type { Address } from "../../config/config.ts";
import { type PosternError, problem, reasonOf } from "../../errors.ts";

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

function bind(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      // Its folder is ours alone (see socket.ts); this holds where somebody opens the folder later.
      if ("socket" in address) chmodSync(address.socket, 0o600);
      // When no descriptor is left, a connection is not accepted; those that stand go on.
      server.on("error", () => {});
      resolve();
    });
    server.listen(
      "socket" in address ? { path: address.socket } : { host: address.host, port: address.port },
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
 * Binds an address and hands its connections to `accept`. A Unix socket's path must be ready (`clearTheWay`).
 *
 * @param paused nothing is read of the connections: they go on to other processes
 * @throws PosternError address_in_use, address_unavailable
 */
export async function listenOn(
  address: Address,
  accept: (socket: Socket) => void,
  paused = false,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  // As Node's own HTTP server does: it wants to end the connection itself when a client has closed its side.
  const server = createServer({ noDelay: true, allowHalfOpen: true, pauseOnConnect: paused }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    accept(socket);
  });
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  try {
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

/**
 * Listens at several addresses, or at none. Those of IPv6 are left out on a machine without it, if another one works.
 *
 * @throws PosternError address_in_use, address_unavailable
 */
export async function listenOnEach<D extends { readonly address: Address }>(
  bindings: readonly D[],
  accept: (socket: Socket, binding: D) => void,
  log: Logger,
  paused = false,
): Promise<readonly Listener[]> {
  const listeners: Listener[] = [];
  const left: unknown[] = [];
  try {
    for (const binding of bindings)
      try {
        listeners.push(await listenOn(binding.address, (socket) => accept(socket, binding), paused));
      } catch (error) {
        if (!lacksIpv6(binding.address, error)) throw error;
        left.push(error);
      }
    if (listeners.length === 0 && left.length > 0) throw left[0];
  } catch (error) {
    for (const listener of listeners) listener.close();
    await Promise.all(listeners.map((listener) => listener.end()));
    throw error;
  }
  for (const error of left)
    log.warn({ reason: reasonOf(error) }, "this machine has no IPv6; the other listeners serve");
  return listeners;
}

/** Whether an address was not bound because the machine has no IPv6. */
function lacksIpv6(address: Address, error: unknown): boolean {
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
