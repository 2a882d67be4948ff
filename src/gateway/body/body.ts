import type { Readable } from "node:stream";
import { formatDuration, formatSize } from "../../config/quantities.ts";
import { PosternError, problem } from "../../errors.ts";
import { type IncomingRequest, type Content, headerOf } from "../local/incoming-request.ts";
import type { Body } from "../upstream/request.ts";
import { FormScan } from "./form-scan.ts";
import type { Holding } from "./holding.ts";
import { limits } from "../limits.ts";
import { type FoundModel, ModelScan } from "./model-scan.ts";
import { Pieces } from "../pieces.ts";
import { SearchBound } from "./search-bound.ts";
import { type Soon, when } from "../soon.ts";

/**
 * The bytes of a body that is read whole, or nothing where it is longer than `mostBytes`.
 *
 * @throws PosternError bodies_exhausted, body_too_large, request_timeout
 * @throws ClientLeft
 */
export async function readWhole(content: Content, mostBytes: number): Promise<Buffer | undefined> {
  const { length } = content;
  if (length !== undefined && length > mostBytes) return undefined;
  const read = await take(content, (_chunk, bytes) => bytes >= (length ?? Infinity) || bytes > mostBytes);
  if (bytesIn(read) > mostBytes) return undefined;
  if (bodyOf(content, read).rest !== undefined) throw noRoom();
  return Buffer.concat(read);
}

const noRoom = (): PosternError => problem("bodies_exhausted", { most: formatSize(limits.heldBodiesBytes) });

/** The local client went away; nobody is left to answer. */
export class ClientLeft extends Error {}

/** A body with what was found in its beginning. */
export interface Peeked {
  readonly body: Body | undefined;
  readonly found: FoundModel | undefined;
  /** Why there is no `found`. */
  readonly missing: string | undefined;
  /** The search ended at its limit, not at the end of the body. */
  readonly beyond: boolean;
}

/**
 * Takes chunks of the body until `enough` says so, there is no room for more, or the body ends. What follows stays in the
 * stream, which is paused.
 *
 * @throws ClientLeft when the client goes away meanwhile
 */
function take(
  { source, length, holding }: Content,
  enough: (chunk: Buffer, bytes: number) => Soon<boolean>,
): Soon<readonly Buffer[]> {
  if (length === 0) return [];
  if (!Buffer.isBuffer(source)) return takeFrom(source, holding, enough);
  return when(enough(source, source.length), () => [source]);
}

function takeFrom(
  stream: Readable,
  holding: Holding | undefined,
  enough: (chunk: Buffer, bytes: number) => Soon<boolean>,
): Promise<readonly Buffer[]> {
  const pieces = new Pieces();
  return new Promise((resolve, reject) => {
    if (stream.destroyed) {
      reject(new ClientLeft("the client left before its request was read"));
      return;
    }
    let anewAtBytes = limits.smallBodyBytes;
    const leave = (): void => {
      clearTimeout(timer);
      stream.off("data", onData).off("end", finish).off("close", onClose).off("error", onError);
    };
    const fail = (error: Error): void => {
      leave();
      stream.pause();
      reject(error);
    };
    const finish = (): void => {
      leave();
      stream.pause();
      resolve(pieces.all);
    };
    const onClose = (): void => fail(new ClientLeft("the client left while it sent its request"));
    const onError = (error: Error): void => (error instanceof PosternError ? fail(error) : onClose());
    const goOn = (done: boolean): void => {
      if (done || holding?.full === true) finish();
      else stream.resume();
    };
    const onData = (chunk: Buffer): void => {
      pieces.push(chunk);
      holding?.take(chunk.length);
      if (pieces.bytes >= anewAtBytes) {
        anewAtBytes = pieces.bytes + limits.smallBodyBytes;
        timer.refresh();
      }
      const verdict = enough(chunk, pieces.bytes);
      if (verdict instanceof Promise) {
        stream.pause();
        verdict.then(goOn, fail);
      } else goOn(verdict);
    };
    const after = formatDuration(limits.wholeBodyMs);
    const timer = setTimeout(
      () => fail(problem("request_timeout", { waited: "did not come within", after })),
      limits.wholeBodyMs,
    );
    stream.on("data", onData).on("end", finish).on("close", onClose).on("error", onError);
  });
}

const bytesIn = (chunks: readonly Buffer[]): number => chunks.reduce((sum, { length }) => sum + length, 0);

function bodyOf({ source, length, holding }: Content, read: readonly Buffer[]): Body {
  const bytes = bytesIn(read);
  const whole = Buffer.isBuffer(source) || source.readableEnded || bytes === length;
  return { read, rest: whole ? undefined : source, length: whole ? bytes : length, holding };
}

/**
 * Whether a body is read whole before it is sent on, if there is room. It can then be sent again: when an idle connection
 * turns out to be dead, with a newer token, or to another endpoint. What is longer, or comes in chunks, is streamed.
 */
const isReadWhole = ({ source, length = Infinity }: Content): boolean =>
  Buffer.isBuffer(source) || length <= limits.wholeBodyBytes;

/** The body of a request that needs no model. */
export function readBody({ content }: Pick<IncomingRequest, "content">): Soon<Body | undefined> {
  if (content === undefined) return undefined;
  if (!isReadWhole(content)) return bodyOf(content, []);
  const { length = 0 } = content;
  const read = take(content, (_chunk, bytes) => bytes >= length);
  return when(read, (chunks) => bodyOf(content, chunks));
}

/**
 * The same body; one that comes in chunks is read on until it is whole, longer than others that are, or without room.
 *
 * @throws ClientLeft
 */
export function readOn(body: Body): Soon<Body> {
  const { read, rest, length, holding } = body;
  if (rest === undefined || length !== undefined || holding?.full === true) return body;
  const before = bytesIn(read);
  const more = takeFrom(rest, holding, (_chunk, bytes) => before + bytes > limits.wholeBodyBytes);
  // It was paused behind what was read before.
  rest.resume();
  return when(more, (chunks) => bodyOf({ source: rest, length, holding }, [...read, ...chunks]));
}

/** The model that a body names in what was read of it anyway: for the log, where no route depends on it. */
export function modelIn(body: Body | undefined, limitBytes: number): string | undefined {
  const scan = new ModelScan();
  const bound = new SearchBound(limitBytes);
  for (const chunk of body?.read ?? []) bound.feed(scan, chunk);
  return scan.found?.model;
}

type Scan = Pick<ModelScan, "found" | "hopeless" | "end"> & {
  feed(chunk: Buffer): undefined | Promise<void>;
};

function scanFor(incoming: IncomingRequest): Scan | string {
  const encoding = headerOf(incoming, "content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") return `it is compressed (${encoding.slice(0, 32)})`;
  const type = headerOf(incoming, "content-type") ?? "";
  if (!/^multipart\/form-data/i.test(type)) return new ModelScan();
  try {
    return new FormScan(type);
  } catch {
    return "its Content-Type names no boundary";
  }
}

/**
 * Looks for the body's model in its first `limitBytes`. What is not read whole is read no further than that takes.
 *
 * @throws PosternError bodies_exhausted, body_too_large, request_timeout
 * @throws ClientLeft
 */
export function peekBody(incoming: IncomingRequest, limitBytes: number): Soon<Peeked> {
  const { content } = incoming;
  if (content === undefined) return { body: undefined, found: undefined, missing: undefined, beyond: false };
  const { length } = content;
  const scan = scanFor(incoming);
  if (typeof scan === "string")
    return when(readBody(incoming), (body) => ({ body, found: undefined, missing: scan, beyond: false }));
  const whole = isReadWhole(content);
  const bound = new SearchBound(limitBytes);
  const decided = (): boolean => scan.found !== undefined || scan.hopeless !== undefined || bound.reached;
  const enough = (bytes: number): boolean => bytes >= (length ?? Infinity) || (decided() && !whole);
  const read = take(content, (chunk, bytes) => when(bound.feed(scan, chunk), () => enough(bytes)));
  return when(read, (chunks) => {
    const body = bodyOf(content, chunks);
    if (body.rest !== undefined && !decided()) throw noRoom();
    return peekedIn(body, scan, bound.bytes);
  });
}

/** What was found in a body, when so many bytes of it had been searched. */
function peekedIn(body: Body, scan: Scan, searched: number): Peeked {
  const toItsEnd = body.rest === undefined && searched === body.length;
  if (toItsEnd) scan.end();
  const found = placed(scan, body.read);
  const missing = found === undefined ? scan.hopeless : undefined;
  return { body, found, missing, beyond: found === undefined && missing === undefined && !toItsEnd };
}

function placed(scan: Scan, read: readonly Buffer[]): FoundModel | undefined {
  if (scan.hopeless !== undefined) return undefined;
  return scan instanceof FormScan ? (scan.locate(Buffer.concat(read)) ?? scan.found) : scan.found;
}

/**
 * The body with another model in the place of the one that was found. Everything else stays as it was sent; no byte of
 * it is copied, for there may be one such body for each of several endpoints.
 */
export function withModel(
  { read, rest, length, holding }: Body,
  found: FoundModel,
  model: string,
  json: boolean,
): Body {
  const value = Buffer.from(json ? JSON.stringify(model) : model);
  return {
    read: [...between(read, 0, found.from), value, ...between(read, found.to, Infinity)],
    rest,
    length: length === undefined ? undefined : length - (found.to - found.from) + value.length,
    holding,
  };
}

/** The bytes of these chunks from the one place up to the other, where they are. */
function between(chunks: readonly Buffer[], from: number, to: number): Buffer[] {
  const parts: Buffer[] = [];
  let at = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(Math.max(0, from - at), Math.max(0, to - at));
    if (part.length > 0) parts.push(part);
    at += chunk.length;
  }
  return parts;
}
