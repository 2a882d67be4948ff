import type { Readable } from "node:stream";
import { formatDuration } from "../../config/quantities.ts";
import { PosternError, problem } from "../../errors.ts";
import { type Ask, type Content, headerOf } from "../local/ask.ts";
import type { Body } from "../upstream/connection.ts";
import { FormScan } from "./form-scan.ts";
import { limits } from "../limits.ts";
import { type FoundModel, ModelScan } from "./model-scan.ts";
import { type Soon, when } from "../soon.ts";

/** The bytes of a body that is read whole, or nothing where it is longer than `mostBytes`. */
export async function readWhole(content: Content, mostBytes: number): Promise<Buffer | undefined> {
  const { length } = content;
  if (length !== undefined && length > mostBytes) return undefined;
  const read = await take(content, (_chunk, bytes) => bytes >= (length ?? Infinity) || bytes > mostBytes);
  const body = Buffer.concat(read);
  return body.length > mostBytes ? undefined : body;
}

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
 * Takes chunks of the body until `enough` says so or the body ends. What follows stays in the stream, which is paused.
 *
 * @throws ClientLeft when the client goes away meanwhile
 */
function take(
  { source, length }: Content,
  enough: (chunk: Buffer, bytes: number) => Soon<boolean>,
): Soon<Buffer[]> {
  if (length === 0) return [];
  if (!Buffer.isBuffer(source)) return takeFrom(source, enough);
  return when(enough(source, source.length), () => [source]);
}

function takeFrom(
  stream: Readable,
  enough: (chunk: Buffer, bytes: number) => Soon<boolean>,
): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    if (stream.destroyed) {
      reject(new ClientLeft("the client left before its request was read"));
      return;
    }
    let bytes = 0;
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
      resolve(chunks);
    };
    const onClose = (): void => fail(new ClientLeft("the client left while it sent its request"));
    const onError = (error: Error): void => (error instanceof PosternError ? fail(error) : onClose());
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      const verdict = enough(chunk, bytes);
      if (verdict === true) finish();
      else if (verdict !== false) {
        stream.pause();
        verdict.then((done) => (done ? finish() : stream.resume()), fail);
      }
    };
    const after = formatDuration(limits.wholeBodyMs);
    const timer = setTimeout(
      () => fail(problem("request_timeout", { waited: "did not come within", after })),
      limits.wholeBodyMs,
    );
    stream.on("data", onData).on("end", finish).on("close", onClose).on("error", onError);
  });
}

function bodyOf({ source, length }: Content, read: readonly Buffer[]): Body {
  const bytes = read.reduce((sum, chunk) => sum + chunk.length, 0);
  const whole = Buffer.isBuffer(source) || source.readableEnded || bytes === length;
  return { read, rest: whole ? undefined : source, length: whole ? bytes : length };
}

/**
 * The body of a request that needs no model. A small one is read whole, so that it goes out in one write and can be
 * sent again when an idle connection turns out to be dead; the rest is streamed.
 */
export function readBody({ content }: Ask): Soon<Body | undefined> {
  if (content === undefined) return undefined;
  const { length = Infinity, source } = content;
  if (length > limits.wholeBodyBytes && !Buffer.isBuffer(source)) return bodyOf(content, []);
  const read = take(content, (_chunk, bytes) => bytes >= length);
  return when(read, (chunks) => bodyOf(content, chunks));
}

/**
 * The same body, read to its end if it is no longer than `limitBytes`.
 *
 * @throws ClientLeft
 */
export function readOn(body: Body, limitBytes: number): Soon<Body> {
  const { read, rest, length = 0 } = body;
  if (rest === undefined || length > limitBytes) return body;
  const before = read.reduce((sum, chunk) => sum + chunk.length, 0);
  const wanted = (body.length ?? Infinity) - before;
  const more = takeFrom(rest, (_chunk, bytes) => bytes >= wanted || before + bytes > limitBytes);
  // It was paused behind what was read before.
  rest.resume();
  return when(more, (chunks) => bodyOf({ source: rest, length: body.length }, [...read, ...chunks]));
}

/** The model that a body names which was read whole anyway: for the log, where no route depends on it. */
export function modelIn(body: Body | undefined): string | undefined {
  if (body === undefined || body.rest !== undefined) return undefined;
  const scan = new ModelScan();
  for (const chunk of body.read) scan.feed(chunk);
  return scan.found?.model;
}

type Scan = Pick<ModelScan, "found" | "hopeless" | "end"> & {
  feed(chunk: Buffer): undefined | Promise<void>;
};

function scanFor(ask: Ask): Scan | string {
  const encoding = headerOf(ask, "content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") return `it is compressed (${encoding.slice(0, 32)})`;
  const type = headerOf(ask, "content-type") ?? "";
  if (!/^multipart\/form-data/i.test(type)) return new ModelScan();
  try {
    return new FormScan(type);
  } catch {
    return "its Content-Type names no boundary";
  }
}

/** Reads on until the body's model is found, the body ends, or `limitBytes` have been read. */
export function peekBody(ask: Ask, limitBytes: number): Soon<Peeked> {
  const { content } = ask;
  if (content === undefined) return { body: undefined, found: undefined, missing: undefined, beyond: false };
  const { length } = content;
  const scan = scanFor(ask);
  if (typeof scan === "string")
    return when(readBody(ask), (body) => ({ body, found: undefined, missing: scan, beyond: false }));
  // A small body is read to its end: then a second model in it counts as it does for the endpoint's parser.
  const wholeUpTo = length !== undefined && length <= limits.wholeBodyBytes ? length : 0;
  const enough = (bytes: number): boolean => {
    const decided = scan.found !== undefined || scan.hopeless !== undefined;
    return bytes >= (length ?? Infinity) || (decided && bytes >= wholeUpTo) || bytes >= limitBytes;
  };
  const read = take(content, (chunk, bytes) => when(scan.feed(chunk), () => enough(bytes)));
  return when(read, (chunks) => peekedIn(content, chunks, scan));
}

/** What was read of a body, when enough of it was. */
function peekedIn(content: Content, read: readonly Buffer[], scan: Scan): Peeked {
  const body = bodyOf(content, read);
  if (body.rest === undefined) scan.end();
  const found = placed(scan, read);
  const missing = found === undefined ? scan.hopeless : undefined;
  return {
    body,
    found,
    missing,
    beyond: found === undefined && missing === undefined && body.rest !== undefined,
  };
}

function placed(scan: Scan, read: readonly Buffer[]): FoundModel | undefined {
  if (scan.hopeless !== undefined) return undefined;
  return scan instanceof FormScan ? (scan.locate(Buffer.concat(read)) ?? scan.found) : scan.found;
}

/** The body with another model in the place of the one that was found. Everything else stays as it was sent. */
export function withModel(body: Body, found: FoundModel, model: string, json: boolean): Body {
  const read = Buffer.concat(body.read);
  const value = Buffer.from(json ? JSON.stringify(model) : model);
  return {
    read: [read.subarray(0, found.from), value, read.subarray(found.to)],
    rest: body.rest,
    length: body.length === undefined ? undefined : body.length - (found.to - found.from) + value.length,
  };
}
