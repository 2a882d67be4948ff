import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { Holding } from "../body/holding.ts";
import { limits } from "../limits.ts";
import { chunkOf, lastChunk } from "./chunks.ts";

/** A request's body: bytes that were read already, and the stream that the rest comes from. */
export interface Body {
  readonly read: readonly Buffer[];
  /** Absent when `read` is the whole body. */
  readonly rest: Readable | undefined;
  /** In bytes; absent when the client sent it chunked and it is not whole yet. */
  readonly length: number | undefined;
  /** Where `read` is counted. */
  readonly holding?: Holding | undefined;
}

/** A request for an endpoint, without what frames its body. */
export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form target: path and query. */
  readonly target: string;
  /** Names and values in turn, Latin-1 text. */
  readonly headers: readonly string[];
  readonly body: Body | undefined;
  /** The protocol to switch to, when the client asks for one. */
  readonly upgrade?: string;
}

/** The headers that frame a request's body, and say what becomes of the connection. */
export function framingOf({ body, upgrade }: UpstreamRequest): string[] {
  const framing: string[] = [];
  if (body?.length !== undefined) framing.push("Content-Length", String(body.length));
  else if (body !== undefined) framing.push("Transfer-Encoding", "chunked");
  if (upgrade === undefined) framing.push("Connection", "keep-alive");
  else framing.push("Connection", "Upgrade", "Upgrade", upgrade);
  return framing;
}

/** What is told of a body that is being sent. */
interface BodyEvents {
  /** So many bytes of it have been handed to the connection. */
  readonly uploaded: (bytes: number) => void;
  /** All of them have. */
  readonly sent: () => void;
}

/**
 * Sends a body as fast as the endpoint takes it, chunked where its length is not known (RFC 9112 §7.1). The client's
 * leaving is the relay's to notice.
 *
 * @returns what stops it before its end
 */
export function sendBody(
  socket: Socket,
  { read, rest, length, holding }: Body,
  { uploaded, sent }: BodyEvents,
): () => void {
  const chunked = length === undefined;
  const write = (bytes: Buffer): boolean => {
    uploaded(bytes.length);
    if (!chunked) return socket.write(bytes);
    let more = true;
    socket.cork();
    for (const part of chunkOf(bytes)) more = socket.write(part);
    socket.uncork();
    return more;
  };
  holding?.sending(socket);
  const source = rest ?? Readable.from(inParts(read));
  if (rest !== undefined) for (const bytes of read) write(bytes);
  const onData = (bytes: Buffer): void => {
    if (!write(bytes)) source.pause();
  };
  const onDrain = (): void => void source.resume();
  const stop = (): void => {
    source.off("data", onData).off("end", onEnd);
    socket.off("drain", onDrain);
    holding?.sent(socket);
  };
  const onEnd = (): void => {
    stop();
    if (chunked) socket.write(lastChunk([]));
    sent();
  };
  socket.on("drain", onDrain);
  source.on("end", onEnd).on("data", onData);
  if (socket.writableNeedDrain) source.pause();
  else source.resume();
  return stop;
}

/** What is at hand in large buffers goes bit by bit too: a connection holds all that it is given until it has sent it. */
function* inParts(read: readonly Buffer[]): Iterable<Buffer> {
  for (const bytes of read)
    for (let at = 0; at < bytes.length; at += limits.smallBodyBytes)
      yield bytes.subarray(at, at + limits.smallBodyBytes);
}
