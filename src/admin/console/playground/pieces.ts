import { ApiError } from "../api-error.ts";
import { eventsIn } from "../event-stream.ts";

/** What one event of a streamed chat brings. */
export interface Piece {
  readonly text: string;
  readonly thoughts: string;
  /** Why the model stopped, in its last piece. */
  readonly finish?: string;
  readonly usage?: { readonly input: number | undefined; readonly output: number | undefined };
}

type Json = Readonly<Record<string, unknown>>;

/**
 * The pieces of a streamed chat, as OpenAI's servers send them and others more or less. Returns whether the answer was
 * whole: it said that it was done, or why it stopped.
 *
 * @throws ApiError what the endpoint says in the middle of its answer
 */
export async function* piecesIn(response: Response): AsyncGenerator<Piece, boolean> {
  let whole = false;
  if (!/^text\/event-stream/i.test(response.headers.get("content-type") ?? "")) {
    const piece = pieceIn(parsed(await response.text()), "message");
    if (piece !== undefined) yield piece;
    return piece !== undefined;
  }
  for await (const { data } of eventsIn(response)) {
    if (data === "[DONE]") return true;
    const said = parsed(data);
    if (isObject(said) && "error" in said) throw errorOf(said["error"], response.status);
    const piece = pieceIn(said, "delta");
    if (piece === undefined) continue;
    whole ||= piece.finish !== undefined;
    yield piece;
  }
  return whole;
}

/** What an endpoint refused a request with, whatever form it has. */
export async function refusalOf(response: Response): Promise<ApiError> {
  const said = await response.text();
  const json = parsed(said);
  if (!isObject(json)) return errorOf(said.trim(), response.status);
  return errorOf(json["error"] ?? json["detail"] ?? json["message"] ?? said, response.status);
}

/** Of what an endpoint says against a request, as much as a person reads. */
const mostWords = 2000;

function errorOf(said: unknown, status: number): ApiError {
  const { message = said } = isObject(said) ? said : { message: said };
  const text = typeof message === "string" ? message : JSON.stringify(message);
  return new ApiError(status, {
    message: text === "" ? "it said nothing about the reason" : text.slice(0, mostWords),
    code: "endpoint",
  });
}

function pieceIn(said: unknown, within: "delta" | "message"): Piece | undefined {
  if (!isObject(said)) return undefined;
  const choices: unknown = said["choices"];
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const part = isObject(choice) && isObject(choice[within]) ? choice[within] : {};
  const finish = isObject(choice) ? choice["finish_reason"] : undefined;
  const usage = said["usage"];
  return {
    text: textIn(part["content"]),
    thoughts: textIn(part["reasoning_content"]) || textIn(part["reasoning"]),
    ...(typeof finish === "string" && { finish }),
    ...(isObject(usage) && {
      usage: { input: countIn(usage["prompt_tokens"]), output: countIn(usage["completion_tokens"]) },
    }),
  };
}

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;
const textIn = (value: unknown): string => (typeof value === "string" ? value : "");
const countIn = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
