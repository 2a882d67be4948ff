import { type Answer, document, refusal } from "./answer.ts";
import type { Asked } from "./asked.ts";
import { chat } from "./chat.ts";
import { completion } from "./completion.ts";
import { embedding } from "./embedding.ts";
import { findModel, listModels, showModel, unknownModel } from "./model.ts";
import { reply } from "./reply.ts";
import { response } from "./response.ts";
import type { Verified } from "./verify.ts";

/** A request that was let in, with its whole body. */
export interface Admitted {
  readonly method: string;
  /** The request target. */
  readonly target: string;
  readonly body: string;
  readonly verified: Verified;
  /** Tells apart answers to different bodies, and is the same for the same body. */
  readonly id: string;
  /** Unix seconds of the sandbox's start: the same request gets the same bytes as long as it runs. */
  readonly created: number;
  /** The answer's length, where the request asked for one. */
  readonly words: number | undefined;
}

interface Writer {
  readonly title: string;
  /** The body's key for the prompt, and its keys for a limit in tokens. */
  readonly prompt: string;
  readonly limits: readonly string[];
  readonly write: (asked: Asked) => Answer;
}

const writers: Readonly<Record<string, Writer>> = {
  "chat/completions": {
    title: "Chat Completions",
    prompt: "messages",
    limits: ["max_completion_tokens", "max_tokens"],
    write: chat,
  },
  completions: { title: "Completions", prompt: "prompt", limits: ["max_tokens"], write: completion },
  responses: { title: "Responses", prompt: "input", limits: ["max_output_tokens"], write: response },
};

/** Answers as an OpenAI-compatible server does, under `/v1` and `/openai/v1`. */
export function respond(request: Admitted): Answer {
  const { method, created } = request;
  const path = request.target.split("?", 1)[0] ?? "";
  const reads = method === "GET" || method === "HEAD";
  if (path === "/health" && reads) return document({ status: "ok" });
  const route = /^(?:\/openai)?\/v1\/(.+)$/.exec(path)?.[1];
  if (route === "models" && reads) return listModels(created);
  const modelId = route === undefined ? undefined : /^models\/(.+)$/.exec(route)?.[1];
  if (modelId !== undefined && reads) return showModel(modelId.replaceAll(/%2f/gi, "/"), created);

  const writer = route !== undefined && Object.hasOwn(writers, route) ? writers[route] : undefined;
  if (writer === undefined && route !== "embeddings") return refusal(404, `Invalid URL (${method} ${path})`);
  if (method !== "POST") return refusal(405, `Not allowed to ${method} on ${path}.`, {}, { allow: "POST" });

  const body = readObject(request.body);
  if (body === undefined) return refusal(400, "We could not parse the JSON body of your request.");
  if (typeof body["model"] !== "string")
    return refusal(400, "you must provide a model parameter", { param: "model" });
  const model = findModel(body["model"]);
  if (model === undefined) return unknownModel(body["model"]);
  if (model.writes !== (writer !== undefined))
    return refusal(
      400,
      `The model \`${model.id}\` does not support the ${writer?.title ?? "Embeddings"} API.`,
    );
  return writer === undefined ? embedding(body, model.id) : ask(writer, body, model.id, request);
}

function ask(writer: Writer, body: Asked["body"], model: string, request: Admitted): Answer {
  const prompt = body[writer.prompt];
  if (prompt === undefined)
    return refusal(400, `Missing required parameter: '${writer.prompt}'.`, { param: writer.prompt });
  const limit = writer.limits.map((key) => body[key]).find((value) => value !== undefined && value !== null);
  if (limit !== undefined && !(Number.isInteger(limit) && Number(limit) > 0))
    return refusal(400, `'${writer.limits[0]}' must be a whole number above 0.`);
  const { verified, words, id, created } = request;
  return writer.write({
    body,
    id,
    created,
    model,
    streams: body["stream"] === true,
    reply: reply({ verified, prompt, words, limit: limit === undefined ? undefined : Number(limit) }),
  });
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
