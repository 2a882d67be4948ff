import { CLOSE_BRACE, CLOSE_BRACKET, isSpace, OPEN_BRACE, OPEN_BRACKET, QUOTE } from "../json-text.ts";
import type { Usage } from "../record.ts";

// Finds `usage` in what was kept of an answer's body. The texts hold one character for each byte (latin1): names and
// numbers are ASCII, and a cut through a character does no harm. Strings are skipped whole, so that a model which
// writes "usage" is not taken for its server.

/** The end of a body, and its beginning; where the body was short, both hold it whole. */
export interface KeptText {
  readonly head: () => string;
  readonly tail: string;
  /** There is more before `tail`. */
  readonly cut: boolean;
}

/** What a body says that is one JSON document: at its end, as nearly all servers write it, or at its beginning. */
export function usageInDocument({ head, tail, cut }: KeptText): Usage | undefined {
  return parseUsage(usageBefore(tail, 0, tail.length, cut, []) ?? (cut ? usageBehind(head()) : undefined));
}

/** What a stream of server-sent events says: the last event with an answer counts, for servers may count up. */
export function usageInEvents({ head, tail, cut }: KeptText): Usage | undefined {
  const last = lastUsage(tail, cut);
  if (last?.inputTokens !== undefined) return last;
  // Anthropic's streams tell the input at the beginning, and the output at the end.
  const inputTokens = firstInput(head());
  if (last === undefined && inputTokens === undefined) return undefined;
  return { inputTokens, outputTokens: last?.outputTokens };
}

/** Objects in which events of a stream carry the answer: the Responses API's and Anthropic's. */
const wrappers: readonly string[] = ["response", "message"];
const key = '"usage"';

function lastUsage(tail: string, cut: boolean): Usage | undefined {
  let to = tail.length;
  for (let at = tail.lastIndexOf(key); at >= 0; at = to > 0 ? tail.lastIndexOf(key, to - 1) : -1) {
    const from = lineStart(tail, at);
    const object = eventData(tail, from, lineEnd(tail, at), cut && from === 0);
    const usage = object === undefined ? undefined : parseUsage(usageBefore(tail, ...object, wrappers));
    // An Anthropic stream that broke off begins with a count of its output that means nothing.
    if (usage !== undefined) return usage;
    to = from;
  }
  return undefined;
}

function firstInput(head: string): number | undefined {
  const at = head.indexOf(key);
  const to = at < 0 ? -1 : head.indexOf("\n", at);
  if (to < 0 || !head.slice(0, to).includes('"message_start"')) return undefined;
  const object = eventData(head, lineStart(head, at), to, false);
  return object && parseUsage(usageBefore(head, ...object, wrappers))?.inputTokens;
}

const lineStart = (text: string, at: number): number =>
  Math.max(text.lastIndexOf("\n", at), text.lastIndexOf("\r", at)) + 1;

function lineEnd(text: string, at: number): number {
  const ends = [text.indexOf("\n", at), text.indexOf("\r", at)].filter((end) => end >= 0);
  return ends.length === 0 ? text.length : Math.min(...ends);
}

/** Where the JSON of a line `data: {…}` stands. The beginning of a line that was cut off can only be assumed. */
function eventData(
  text: string,
  from: number,
  to: number,
  cut: boolean,
): [from: number, to: number, cut: boolean] | undefined {
  if (cut) return [from, to, true];
  return text.startsWith("data:", from) ? [from + "data:".length, to, false] : undefined;
}

/** Where the next character stands that is no white space. */
function pastBlanks(text: string, at: number): number {
  let next = at;
  while (isSpace(text.charCodeAt(next))) next += 1;
  return next;
}

/** Where a text from `from` to `to` ends, without the white space at its end. */
function beforeBlanks(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return end;
}

/**
 * The text of the last object named `usage` in the object that ends at `to`, or before white space there: a member of
 * that object itself, or of one of its members that `within` names. Walks backwards from the end, so that the beginning
 * may be missing.
 *
 * @param cut whether the text from `from` on lacks its beginning; a member whose owner is not seen then counts
 */
function usageBefore(
  text: string,
  from: number,
  to: number,
  cut: boolean,
  within: readonly string[],
): string | undefined {
  const end = beforeBlanks(text, from, to);
  if (text[end - 1] !== "}") return undefined;
  let depth = 0;
  /** Where the object nearest behind ends, by the depth at which it stands. */
  const ends: number[] = [];
  /** Found at the second depth, and waiting for the name of the object that it stands in. */
  let inner: string | undefined;
  const unowned = (): string | undefined => (cut && within.length > 0 ? inner : undefined);
  for (let at = end - 1; at >= from; at -= 1) {
    const code = text.charCodeAt(at);
    if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      ends[depth] = at + 1;
      depth += 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth -= 1;
      if (depth === 0) return undefined;
    } else if (code === QUOTE) {
      const open = openingQuote(text, at, from, cut);
      if (open < 0) return unowned();
      const colon = depth > 2 ? 0 : pastBlanks(text, at + 1);
      if (text[colon] === ":" && colon > 0) {
        const name = text.slice(open + 1, at);
        const value = pastBlanks(text, colon + 1);
        const object = name === "usage" && text[value] === "{" ? text.slice(value, ends[depth]) : undefined;
        if (depth === 1 && object !== undefined) return object;
        if (depth === 1 && inner !== undefined && within.includes(name)) return inner;
        // At the first depth, what waited stood in a member of another name.
        inner = depth === 1 ? undefined : (inner ?? object);
      }
      at = open;
    }
  }
  return unowned();
}

/** Where the string begins whose closing quote stands at `close`, or -1 where the text does not show it. */
function openingQuote(text: string, close: number, from: number, cut: boolean): number {
  let at = close;
  do {
    at = at > from ? text.lastIndexOf('"', at - 1) : -1;
    // Whether a quote that the cut stands before is escaped cannot be known.
    if (at < from || (cut && at === from)) return -1;
    // Between the two quotes every other one is escaped, and the opening one has no string before it.
  } while (at > from && text[at - 1] === "\\");
  return at;
}

const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;

/** The text of the first object named `usage` that is a member of the object that begins the text, if it is whole. */
function usageBehind(text: string): string | undefined {
  if (text[pastBlanks(text, 0)] !== "{") return undefined;
  let depth = 0;
  let begin = -1;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === "{" || found === "[") depth += 1;
    else if (found === "}" || found === "]") {
      depth -= 1;
      if (depth === 0) return undefined;
      if (depth === 1 && begin >= 0) return text.slice(begin, index + 1);
    } else if (depth === 1 && found === key) {
      const colon = pastBlanks(text, index + key.length);
      const value = pastBlanks(text, colon + 1);
      if (text[colon] === ":" && text[value] === "{") begin = value;
    }
  }
  return undefined;
}

/** No request takes more tokens than this; a larger number is not a count of them. */
const mostTokens = 1e9;

const count = (value: unknown): number | undefined =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= mostTokens ? Number(value) : undefined;

/**
 * OpenAI's names in chats and embeddings, OpenAI's in responses, and Anthropic's, which counts cached input apart.
 * LiteLLM writes Anthropic's beside OpenAI's, whose prompt holds the cached input already.
 */
function parseUsage(text: string | undefined): Usage | undefined {
  if (text === undefined) return undefined;
  let said: Readonly<Record<string, unknown>>;
  try {
    said = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const uncached = count(said["input_tokens"]);
  const cached =
    (count(said["cache_creation_input_tokens"]) ?? 0) + (count(said["cache_read_input_tokens"]) ?? 0);
  const inputTokens =
    count(said["prompt_tokens"]) ?? (uncached === undefined ? undefined : uncached + cached);
  const outputTokens = count(said["completion_tokens"]) ?? count(said["output_tokens"]);
  return inputTokens === undefined && outputTokens === undefined ? undefined : { inputTokens, outputTokens };
}
