import type { Socket } from "node:net";
import { triedHeaders } from "./attempts/tried-headers.ts";
import { responseHeaders } from "./upstream/headers.ts";
import { limits } from "./limits.ts";
import type { Stopper } from "./live/in-flight.ts";
import { whenUntaken } from "./local/untaken.ts";
import type { Outcome } from "./outcome.ts";
import type { RequestRecord } from "./record.ts";
import { headText } from "./message.ts";
import type { ResponseHead } from "./upstream/response-reader.ts";

/** Two connections that speak the same upgraded protocol. */
export interface Tunnel {
  readonly client: Socket;
  readonly endpoint: Socket;
  /** The endpoint's 101. */
  readonly answer: ResponseHead;
  /** What came behind the heads already. */
  readonly early: { readonly toEndpoint: Buffer; readonly toClient: Buffer };
}

/**
 * Passes bytes both ways, untouched, until either side ends (RFC 6455 for WebSocket: frames, extensions and close
 * codes are the two ends' own affair). When one side is gone, so is the other, within `limits.lingerMs`. Silence ends
 * nothing; but both are closed where one takes nothing of what it is sent.
 *
 * @returns who can end it before
 */
export function tunnel(
  { client, endpoint, answer, early }: Tunnel,
  record: RequestRecord,
  settle: (outcome: Outcome) => void,
): Stopper {
  const from = { read: client.bytesRead, written: client.bytesWritten };
  let outcome: Outcome = "done";
  const open = new Set([client, endpoint]);
  let last: NodeJS.Timeout | undefined;
  const close = (): void => {
    client.destroy();
    endpoint.destroy();
  };
  const closeFor = (reason: Outcome): void => {
    if (open.size === 2) outcome = reason;
    close();
  };
  const over = (side: Socket): void => {
    if (!open.delete(side) || open.size > 0) return;
    clearTimeout(last);
    record.sentBytes += client.bytesRead - from.read;
    record.receivedBytes += client.bytesWritten - from.written;
    settle(outcome);
  };
  // Whoever hangs would not hear of it.
  const ended = (): void => void (last ??= setTimeout(close, limits.lingerMs));
  const join = (side: Socket, other: Socket, broken: Outcome, untaken: Outcome): void => {
    side.on("error", () => {
      if (open.size === 2) outcome = broken;
    });
    whenUntaken(side, () => closeFor(untaken));
    side.on("end", ended);
    side.on("close", () => {
      ended();
      other.destroySoon();
      over(side);
      // A client may leave its side open for a while (linger.ts), but gets no more.
      if (other.writableFinished) over(other);
      else other.once("finish", () => over(other));
    });
    side.pipe(other);
  };
  const headers = [
    ...responseHeaders(answer, false),
    ...triedHeaders(record),
    "Connection",
    "Upgrade",
    "Upgrade",
    "websocket",
  ];
  client.write(headText(`HTTP/1.1 ${answer.status} ${answer.reason}`, headers), "latin1");
  if (early.toClient.length > 0) client.write(early.toClient);
  if (early.toEndpoint.length > 0) endpoint.write(early.toEndpoint);
  join(client, endpoint, "client-stream", "client-stream");
  join(endpoint, client, "upstream-stream", "timeout-stream");
  return { stop: (by) => closeFor(`${by}-stream`) };
}
