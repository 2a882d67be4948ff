import { isEventStream, typeOf } from "../content.ts";
import type { ResponseHead } from "../upstream/response-reader.ts";

/**
 * Whether an answer whose status is 200 says that it went well; undefined where it says nothing that can be read. Many
 * servers tell in the body alone what went wrong after the status: OpenAI's with an `error`, the Responses API's with a
 * `status`, and vLLM's, which were stopped, with `abort` as the reason why a text is finished.
 *
 * @param body the whole of it; it must be readable
 */
export function succeeded({ rawHeaders }: ResponseHead, body: Buffer): boolean | undefined {
  // One character for each byte: what is looked for is ASCII.
  const text = body.toString("latin1");
  if (isEventStream(typeOf(rawHeaders))) return succeededInEvents(text);
  const answer = parsed(text);
  return answer && !tellsFailure(answer);
}

/** A stream is complete only with the event that says so: one whose server has failed can end without it, in good form. */
function succeededInEvents(text: string): boolean {
  let ended = false;
  for (const [, field, value = ""] of text.matchAll(/^(event|data): ?(.*)$/gm)) {
    if (field === "event" && failing.has(value)) return false;
    if (field === "event" || value === "") continue;
    const event = value === "[DONE]" ? done : parsed(value);
    if (event === undefined || tellsFailure(event)) return false;
    ended ||= event === done || event["type"] === "response.completed";
  }
  return ended;
}

type Json = Readonly<Record<string, unknown>>;

const done: Json = {};

/** The object that a text is, if it is one. */
function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** It can stand in the answer itself, in the response that an event carries, or in one of several choices. */
function tellsFailure(answer: Json): boolean {
  const { response, choices } = answer;
  return [answer, response, ...(Array.isArray(choices) ? (choices as unknown[]) : [])].some(
    (part) => isObject(part) && fails(part),
  );
}

const failing = new Set<unknown>([
  "error",
  "failed",
  "incomplete",
  "cancelled",
  "abort",
  "response.failed",
  "response.incomplete",
  "response.cancelled",
]);

function fails(part: Json): boolean {
  const { error = null, object, type, status, finish_reason: reason } = part;
  if (error !== null || [object, type, status, reason].some((word) => failing.has(word))) return true;
  // V8 can take a key that is written with escapes for another, with a backslash, and so miss one that counts
  // (https://github.com/nodejs/node/issues/63785).
  return Object.keys(part).some((key) => key.includes("\\"));
}
