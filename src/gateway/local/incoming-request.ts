import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Holding } from "../body/holding.ts";
import { fieldValues } from "../message.ts";

/** A local request as it was sent, whichever parser read its head. */
export interface IncomingRequest {
  readonly method: string;
  /** The target of the request line. */
  readonly target: string;
  /** `1.1` or `1.0`; the guard refuses others that Node's parser takes. */
  readonly version: string;
  /** Names and values in turn, Latin-1 text. */
  readonly rawHeaders: readonly string[];
  readonly content: Content | undefined;
}

/** The body of a local request (RFC 9112 §6). */
export interface Content {
  /** In bytes; absent when the client sends it chunked. */
  readonly length: number | undefined;
  /** The whole of it, or the stream that it is read from. */
  readonly source: Buffer | Readable;
  /** Where what is read of it is counted; not with what was at hand from the first, which is small. */
  readonly holding?: Holding | undefined;
}

/** The request that Node's parser has read. */
export function incomingOf(req: IncomingMessage, target: string = req.url ?? ""): IncomingRequest {
  const { method = "", httpVersion: version, rawHeaders, headers } = req;
  const length = headers["content-length"];
  const content =
    length !== undefined
      ? { length: Number(length), source: req }
      : headers["transfer-encoding"] !== undefined
        ? { length: undefined, source: req }
        : undefined;
  return { method, target, version, rawHeaders, content };
}

/** The value of a header, by its lower-case name; where it stands more than once, all of them (RFC 9110 §5.3). */
export function headerOf(
  { rawHeaders }: Pick<IncomingRequest, "rawHeaders">,
  name: string,
): string | undefined {
  const values = fieldValues(rawHeaders, name);
  return values.length < 2 ? values[0] : values.join(", ");
}

/** Whether a request asks for the one protocol that it may be switched to (RFC 6455 §4.1). */
export const asksForWebSocket = (incoming: Pick<IncomingRequest, "rawHeaders">): boolean =>
  headerOf(incoming, "upgrade")?.toLowerCase() === "websocket";
