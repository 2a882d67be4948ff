import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import { serverName, type Target } from "./target.ts";

/** Makes what opens connections to a target. What is written before one is open waits for that. */
export function dialerOf({ port, tls }: Target): () => Socket {
  const secureContext = tls === undefined ? undefined : createSecureContext(tls);
  return () => {
    const to = { host: "127.0.0.1", port };
    const socket =
      secureContext === undefined
        ? connectPlain(to)
        : connectTls({ ...to, secureContext, servername: serverName, rejectUnauthorized: true });
    return socket.setNoDelay(true);
  };
}
