import type { IncomingMessage } from "node:http";
import type { Body } from "./connection.ts";
import { FormScan } from "./form-scan.ts";
import { limits } from "./limits.ts";
import { type FoundModel, ModelScan } from "./model-scan.ts";

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

/** Whether a request has a body (RFC 9112 §6). */
function lengthOf(req: IncomingMessage): { present: boolean; length: number | undefined } {
  const header = req.headers["content-length"];
  if (header !== undefined) return { present: true, length: Number(header) };
  return { present: req.headers["transfer-encoding"] !== undefined, length: undefined };
}

/**
 * Takes chunks of the body until `enough` says so or the body ends. What follows stays in the stream, which is paused.
 *
 * @throws ClientLeft when the client goes away meanwhile
 */
function take(
  req: IncomingMessage,
  enough: (chunk: Buffer, bytes: number) => boolean | Promise<boolean>,
): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  if (req.headers["content-length"] === "0") return Promise.resolve(chunks);
  return new Promise((resolve, reject) => {
    if (req.destroyed) {
      reject(new ClientLeft("the client left before its request was read"));
      return;
    }
    let bytes = 0;
    const leave = (): void => {
      req.off("data", onData).off("end", finish).off("close", onClose).off("error", onClose);
    };
    const finish = (): void => {
      leave();
      req.pause();
      resolve(chunks);
    };
    const onClose = (): void => {
      leave();
      reject(new ClientLeft("the client left while it sent its request"));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      bytes += chunk.length;
      const verdict = enough(chunk, bytes);
      if (verdict === true) finish();
      else if (verdict !== false) {
        req.pause();
        verdict.then((done) => (done ? finish() : req.resume()), reject);
      }
    };
    req.on("data", onData).on("end", finish).on("close", onClose).on("error", onClose);
  });
}

function bodyOf(req: IncomingMessage, read: readonly Buffer[], length: number | undefined): Body {
  const bytes = read.reduce((sum, chunk) => sum + chunk.length, 0);
  const whole = req.readableEnded || bytes === length;
  return { read, rest: whole ? undefined : req, length: whole ? bytes : length };
}

/**
 * The body of a request that needs no model. A small one is read whole, so that it goes out in one write and can be
 * sent again when an idle connection turns out to be dead; the rest is streamed.
 */
export async function readBody(req: IncomingMessage): Promise<Body | undefined> {
  const { present, length } = lengthOf(req);
  if (!present) return undefined;
  if (length === undefined || length > limits.wholeBodyBytes) return { read: [], rest: req, length };
  return bodyOf(req, await take(req, (_chunk, bytes) => bytes >= length), length);
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

function scanFor(req: IncomingMessage): Scan | string {
  const encoding = req.headers["content-encoding"] ?? "identity";
  if (encoding.toLowerCase() !== "identity") return `it is compressed (${encoding.slice(0, 32)})`;
  const type = req.headers["content-type"] ?? "";
  if (!/^multipart\/form-data/i.test(type)) return new ModelScan();
  try {
    return new FormScan(type);
  } catch {
    return "its Content-Type names no boundary";
  }
}

/** Reads on until the body's model is found, the body ends, or `limitBytes` have been read. */
export async function peekBody(req: IncomingMessage, limitBytes: number): Promise<Peeked> {
  const { present, length } = lengthOf(req);
  if (!present) return { body: undefined, found: undefined, missing: undefined, beyond: false };
  const scan = scanFor(req);
  if (typeof scan === "string")
    return { body: await readBody(req), found: undefined, missing: scan, beyond: false };
  // A small body is read to its end: then a second model in it counts as it does for the endpoint's parser.
  const wholeUpTo = length !== undefined && length <= limits.wholeBodyBytes ? length : 0;
  const enough = (bytes: number): boolean => {
    const decided = scan.found !== undefined || scan.hopeless !== undefined;
    return bytes >= (length ?? Infinity) || (decided && bytes >= wholeUpTo) || bytes >= limitBytes;
  };
  const read = await take(req, (chunk, bytes) => {
    const fed = scan.feed(chunk);
    return fed === undefined ? enough(bytes) : fed.then(() => enough(bytes));
  });
  const body = bodyOf(req, read, length);
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
