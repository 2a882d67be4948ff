import { connect as connectPlain, isIP, type Socket } from "node:net";
import {
  connect as connectTls,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  TLSSocket,
} from "node:tls";
import type { EndpointConfig } from "../../config/config.ts";
import type { Attachment } from "./attach.ts";
import { ClosedEarly, PhaseTimeout } from "./failure.ts";

/** Opens verified connections to one endpoint with one TLS identity. */
export interface Dialer {
  /**
   * @param opened gets a socket that is connected and, for https, verified
   * @param failed gets the cause, and Node's code when the server's certificate was not trusted
   * @param waitedMs how much of the time for it is over already
   * @returns a function that gives up
   */
  dial(
    opened: (socket: Socket) => void,
    failed: (cause: Error, untrusted: string | undefined) => void,
    waitedMs?: number,
  ): () => void;
}

/** The machine's own trust store; where it is empty (a minimal image), the one that Node carries. */
export function systemAuthorities(): string[] {
  const system = getCACertificates("system");
  return [...(system.length > 0 ? system : getCACertificates("bundled")), ...getCACertificates("extra")];
}

/** TLS options that verify the endpoint and present its identity; one context for all of its connections. */
function secureContextOf(
  endpoint: EndpointConfig,
  attachment: Attachment,
  authorities: readonly string[],
): SecureContext {
  const { identity } = attachment;
  return createSecureContext({
    minVersion: "TLSv1.2",
    ca: endpoint.ca === undefined ? [...authorities] : [...authorities, endpoint.ca],
    ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key.expose() }),
  });
}

/** Node's code for what is wrong with the server's certificate, if that is why a handshake failed. */
function untrustedCode(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  // Typed as an Error, but Node sets the error's code here.
  const found: Error | string | null = socket.authorizationError;
  return found instanceof Error
    ? ((found as NodeJS.ErrnoException).code ?? found.message)
    : (found ?? undefined);
}

/** Makes the dialer of an endpoint's origin. A failed attempt leaves no socket behind. */
export function dialerOf(
  endpoint: EndpointConfig,
  attachment: Attachment,
  authorities: readonly string[],
): Dialer {
  const url = new URL(endpoint.origin);
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (secure ? 443 : 80) : Number(url.port);
  const secureContext = secure ? secureContextOf(endpoint, attachment, authorities) : undefined;
  // Held here, and not in Node's own cache, so that a session lives and dies with this identity.
  let session: Buffer | undefined;
  // Not a closure of the one call: a socket would hold what it was opened for.
  const keepSession = (fresh: Buffer): void => {
    session = fresh;
  };

  return {
    dial(opened, failed, waitedMs = 0) {
      const socket =
        secureContext === undefined
          ? connectPlain({ host, port })
          : connectTls({
              host,
              port,
              secureContext,
              // An IP address may not be a server name (RFC 6066 §3).
              servername: isIP(host) === 0 ? host : "",
              ALPNProtocols: ["http/1.1"],
              // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing.
              rejectUnauthorized: true,
              ...(session === undefined ? {} : { session }),
            });
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      const { connectMs } = endpoint.timeouts;
      const timeOut = (): void => void socket.destroy(new PhaseTimeout());
      const timer = connectMs === 0 ? undefined : setTimeout(timeOut, Math.max(0, connectMs - waitedMs));
      const settle = (): void => {
        clearTimeout(timer);
        socket.off("error", onError);
        socket.off("close", onClose);
      };
      const onError = (cause: Error): void => {
        settle();
        // What a dying socket says after its first error is of no use to anybody.
        socket.on("error", () => {});
        failed(cause, untrustedCode(socket));
      };
      const onClose = (): void => onError(new ClosedEarly());
      socket.on("error", onError);
      socket.on("close", onClose);
      if (secure) socket.on("session", keepSession);
      socket.once(secure ? "secureConnect" : "connect", () => {
        settle();
        opened(socket);
      });
      return () => {
        settle();
        socket.on("error", () => {});
        socket.destroy();
      };
    },
  };
}
