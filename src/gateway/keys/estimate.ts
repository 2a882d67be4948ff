import type { RequestRecord } from "../record.ts";
import { typeOf } from "../content.ts";

/** Of text, about; in JSON there are rather more. */
const bytesPerToken = 4;

/**
 * Paths that have no model write or embed: they count a text's tokens, cut it into them, put it together or judge it. All
 * others may, also those that nobody knows here: a path can be written in many ways, and `/raw` leads to any.
 */
const freePaths: ReadonlySet<string> = new Set([
  "/messages/count_tokens",
  "/responses/input_tokens",
  "/tokenize",
  "/detokenize",
  "/moderations",
]);

/** What is known of an answer that has ended, in whatever way. */
interface Ended {
  /** It came to its end, and was not broken off. */
  readonly whole: boolean;
  /** How many events have passed, where it is a stream of them that can be read. */
  readonly events: number | undefined;
  /** Whether the request's body is text, and the answer's. */
  readonly askedInText: boolean;
  readonly answeredInText: boolean;
}

/** Whether a body is text: the length of a picture or of sound says nothing of tokens. */
export const isText = (rawHeaders: readonly string[]): boolean =>
  /^(?:text\/|application\/(?:[\w.+-]+\+)?json\b)/i.test(typeOf(rawHeaders));

/**
 * What a local key is charged for an answer that did not tell what it took, in tokens: for the request by its bytes, and
 * for the answer one for each event, or by its bytes where it is another text. Nothing where the answer told it, where
 * it is no success, and for methods and paths by which nothing is asked of a model: all methods but POST, few paths.
 */
export function estimateOf(
  { method, path, status, cache, usage, wholeBytes, sentBytes, receivedBytes }: RequestRecord,
  { whole, events, askedInText, answeredInText }: Ended,
): number | undefined {
  if (method !== "POST" || freePaths.has(path) || status < 200 || status > 299 || cache === "hit")
    return undefined;
  if (whole && usage !== undefined) return undefined;
  const input = usage?.inputTokens ?? (askedInText ? (wholeBytes ?? sentBytes) / bytesPerToken : 0);
  // What an answer that was broken off told of its output can be a count from its beginning.
  const passed = events ?? (answeredInText ? receivedBytes / bytesPerToken : 0);
  const output = Math.max(usage?.outputTokens ?? 0, passed);
  return Math.ceil(input + output);
}
