import type { IncomingMessage } from "node:http";
import { sessionLimits } from "./sessions.ts";

/**
 * The name of the session's cookie. Browsers keep one set of cookies for all ports of a host, so that each gateway of
 * this machine needs a name of its own.
 */
export const cookieName = ({ socket }: IncomingMessage): string =>
  socket.localPort === undefined ? "postern-session" : `postern-session-${socket.localPort}`;

/**
 * The `Set-Cookie` header that hands it out. Not `Secure`: the listener is on the loopback, without TLS, where not all
 * browsers would keep such a one.
 */
export const cookieOf = (request: IncomingMessage, value: string): string =>
  `${cookieName(request)}=${value}; Max-Age=${sessionLimits.lifetimeMs / 1000}; Path=/; HttpOnly; SameSite=Strict`;

/** The `Set-Cookie` header that takes it back. */
export const cookieGone = (request: IncomingMessage): string =>
  `${cookieName(request)}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict`;

/** The value of a cookie in a `Cookie` header; undefined where it is not there, or more than once. */
export function cookieIn(header: string, name: string): string | undefined {
  const values = header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}
