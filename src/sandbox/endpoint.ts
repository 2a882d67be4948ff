import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { problem, reasonOf } from "../errors.ts";
import type { Issued } from "../vault/certificates/x509.ts";
import { type CredentialFiles, writeCredentials } from "./credential-files.ts";
import { makeCredentials } from "./credentials.ts";
import type { Demand } from "./demand.ts";
import { exchange } from "./exchange.ts";
import { type Arrived, Arrivals } from "./record.ts";

/** A private endpoint on this machine, with a CA of its own: for trying things out, the demo and the tests. */
export interface Sandbox extends CredentialFiles {
  /** `https://127.0.0.1:N/openai/v1`; the same answers are under `/v1`. */
  readonly url: string;
  /** Signs the client certificates that it takes, where it demands one. */
  readonly authority?: Issued;
  /** The newest requests that arrived, the last one last. */
  readonly requests: readonly Arrived[];
  /** Ends every connection and stops listening. The files stay: their folder is the caller's. */
  stop(): Promise<void>;
}

/** How many requests it remembers. */
const mostRequests = 1000;

/** Starts a sandbox. Throws `file_unwritable`, `address_in_use` and `address_unavailable`. */
export async function startSandbox(o: {
  /** 0, or nothing, lets the system choose. */
  readonly port?: number;
  /** All of these; of the two tokens one, since a request has only one Authorization header. */
  readonly require: readonly Demand[];
  /** Where it writes its credential files. */
  readonly folder: string;
}): Promise<Sandbox> {
  const started = new Date();
  const credentials = await makeCredentials(o.require, started);
  const arrivals = new Arrivals(mostRequests);
  const place = { credentials, arrivals, created: Math.floor(started.getTime() / 1000) };
  const { server: own, client } = credentials;
  const server = createServer(
    {
      minVersion: "TLSv1.2",
      cert: own.certificate,
      key: own.key.expose(),
      // Its own authority alone: a certificate of any other is refused in the handshake.
      ...(client && { requestCert: true, rejectUnauthorized: true, ca: client.authority.certificate }),
    },
    (request, response) => void exchange(request, response, place),
  );
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      // Those in the middle of a handshake too, which closeAllConnections() does not know.
      for (const socket of sockets) socket.destroy();
    });

  // Listening comes first: where that fails, no file is left behind.
  await listen(server, o.port ?? 0);
  const { port } = server.address() as AddressInfo;
  try {
    const files = await writeCredentials(credentials, o.folder);
    const url = `https://127.0.0.1:${port}/openai/v1`;
    return { ...files, ...(client && { authority: client.authority }), url, requests: arrivals.list, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listen(server: Server, port: number): Promise<void> {
  const address = `127.0.0.1:${port}`;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? problem("address_in_use", { address }, error)
          : problem("address_unavailable", { address, reason: reasonOf(error) }, error),
      ),
    );
    server.listen(port, "127.0.0.1", resolve);
  });
}
