import { limits } from "../limits.ts";

/**
 * Whether the same request may be given the same answer again: it asks for embeddings, or for text that does not depend
 * on chance.
 *
 * @param path below the endpoint's base, without its query
 * @param body the whole of it, without a content coding
 */
export function isRepeatable(method: string, path: string, body: Buffer): boolean {
  if (method !== "POST" || body.length > limits.smallBodyBytes) return false;
  if (asksForEmbeddings(path)) return true;
  return writing.has(path) && isDeterministic(body);
}

/** @param path below the endpoint's base, without its query */
export const asksForEmbeddings = (path: string): boolean => path === "/embeddings";

const writing = new Set(["/chat/completions", "/completions", "/responses"]);

/** Temperature 0, or a seed; and nothing that looks outside the model, or changes what the endpoint holds. */
function isDeterministic(body: Buffer): boolean {
  // Most requests have neither, and need not be parsed. One that writes the names with escapes is not recognised.
  if (!body.includes('"temperature"') && !body.includes('"seed"')) return false;
  let asked: Readonly<Record<string, unknown>> | null;
  try {
    asked = JSON.parse(body.toString()) as Readonly<Record<string, unknown>> | null;
  } catch {
    return false;
  }
  if (asked?.["temperature"] !== 0 && !Number.isInteger(asked?.["seed"])) return false;
  // V8 can take a key that is written with escapes for another, with a backslash, and so miss one that counts below
  // (https://github.com/nodejs/node/issues/63785).
  if (Object.keys(asked ?? {}).some((key) => key.includes("\\"))) return false;
  const { tools = [], background, conversation, web_search_options: search } = asked ?? {};
  const outside = !Array.isArray(tools) || tools.some((tool) => !runsHere.has(typeOf(tool)));
  return !outside && background !== true && !conversation && !search;
}

/** Tools that the client runs itself; others ask the network, or run code, at the endpoint. */
const runsHere = new Set<unknown>(["function", "custom"]);

const typeOf = (tool: unknown): unknown =>
  typeof tool === "object" && tool !== null && "type" in tool ? tool.type : undefined;
