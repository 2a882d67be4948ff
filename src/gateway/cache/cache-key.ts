import { createHash } from "node:crypto";
import { isRepeatable } from "./repeatable.ts";
import { fieldTokens, fieldValues } from "../message.ts";

/** A request as it would be sent. */
export interface CacheQuestion {
  readonly endpoint: string;
  /** The version of its attachment: other credentials may get other answers. */
  readonly attachment: string;
  readonly method: string;
  /** Below the endpoint's base, without its query. */
  readonly path: string;
  /** Path and query for the endpoint. */
  readonly target: string;
  /** All that are sent, names and values in turn. */
  readonly headers: readonly string[];
  /** The whole of it, in the parts in which it was read; undefined when the rest is still to come. */
  readonly body: readonly Buffer[] | undefined;
  /**
   * The digest of the local key that it came with, for another can be made under its name; undefined too where the
   * endpoint's answers are shared between keys.
   */
  readonly keyDigest: string | undefined;
}

export interface CacheKey {
  readonly key: string;
  /** The client wants no stored answer, but a new one may be stored. */
  readonly refresh: boolean;
}

/** The key under which a request's answer may be kept; undefined where none may. */
export function cacheKey(question: CacheQuestion): CacheKey | undefined {
  const { endpoint, attachment, method, path, target, headers, keyDigest } = question;
  if (question.body === undefined || fieldValues(headers, "content-encoding").length > 0) return undefined;
  const wishes = new Set([...fieldTokens(headers, "cache-control"), ...fieldTokens(headers, "pragma")]);
  if (wishes.has("no-store")) return undefined;
  const body = question.body.length === 1 ? question.body[0] : Buffer.concat(question.body);
  if (body === undefined || !isRepeatable(method, path, body)) return undefined;
  const telling: (readonly [name: string, value: string])[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = (headers[at] ?? "").toLowerCase();
    if (!isIndifferent(name)) telling.push([name, headers[at + 1] ?? ""]);
  }
  // A tuple, and not joined strings: what stands at the end of one part can never count as the next (GHSA-v574-6498-x57v).
  const tuple = [endpoint, attachment, keyDigest ?? null, method, target, telling, body.length];
  const key = createHash("sha256").update(JSON.stringify(tuple)).update(body).digest("base64");
  return { key, refresh: wishes.has("no-cache") || wishes.has("max-age=0") };
}

/**
 * Request headers that cannot change an answer: they name the sender and the request, say how the connection is used, or
 * speak to caches. Every other header is a part of the key.
 */
const indifferent = new Set([
  "user-agent",
  "x-request-id",
  "x-client-request-id",
  "traceparent",
  "tracestate",
  "baggage",
  "date",
  "cache-control",
  "pragma",
  "content-length",
  "connection",
  "keep-alive",
]);

/** @param name in lower case */
export const isIndifferent = (name: string): boolean =>
  indifferent.has(name) || name.startsWith("x-stainless-");
