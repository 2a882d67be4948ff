import type { LocalKeyConfig } from "../../config/config.ts";
import { type PosternError, problem } from "../../errors.ts";
import { asksForWebSocket, type IncomingRequest } from "../local/incoming-request.ts";
import type { Destination, Directory, Pool } from "../directory.ts";
import type { Model } from "../models.ts";
import { modelInPath } from "../route.ts";
import { sureModel } from "./sure-model.ts";
import type { Target } from "../target.ts";

/**
 * The paths whose requests name their model in the body, in the APIs of OpenAI, Anthropic and vLLM. A key that is
 * limited to models may send nothing else: of other paths nobody can say here which model they are about.
 */
const modelPaths =
  /^\/(?:chat\/completions|completions|embeddings|responses|messages(?:\/count_tokens)?|rerank|score|moderations|tokenize|detokenize|audio\/(?:speech|transcriptions|translations)|images\/(?:generations|edits|variations))$/;

export const forbidden = (key: LocalKeyConfig, what: string): PosternError =>
  problem("local_key_forbids", { key: key.name, what });

/** Whether a key may use an endpoint. */
export const mayUse = ({ endpoints }: LocalKeyConfig, name: string): boolean =>
  endpoints.length === 0 || endpoints.includes(name);

/** Whether a request asks for the list of models. */
export const asksForModels = ({ method }: IncomingRequest, target: Target): boolean =>
  method === "GET" && target.by !== "raw" && /^\/models\/?$/.test(target.path);

/**
 * Lets a request through whose key may name its model. The body may have been read for that: the request that is
 * returned has it still.
 *
 * @throws PosternError local_key_forbids, model_ambiguous, bodies_exhausted, body_too_large, request_timeout
 * @throws ClientLeft
 */
export async function permitModel(
  key: LocalKeyConfig,
  incoming: IncomingRequest,
  target: Target,
  limitBytes: number,
): Promise<IncomingRequest> {
  if (key.models.length === 0) return incoming;
  if (asksForWebSocket(incoming)) throw forbidden(key, "a WebSocket, within which no model could be checked");
  if (asksForModels(incoming, target)) return incoming;
  const path = target.path.slice(0, 100);
  if (target.by === "raw") throw forbidden(key, "/raw, whose requests name no model that could be checked");
  const named = incoming.method === "GET" ? modelInPath(target.path) : undefined;
  if (named === undefined && (incoming.method !== "POST" || !modelPaths.test(target.path)))
    throw forbidden(key, `${incoming.method} ${path}, which names no model that could be checked`);
  const { incoming: read, model } =
    named === undefined ? await sureModel(incoming, limitBytes) : { incoming, model: named };
  if (key.models.includes(model)) return read;
  throw forbidden(key, `the model "${model.slice(0, 200)}"`);
}

/**
 * The directory as a key meets it: an endpoint that it may not use answers with that, and where other endpoints serve
 * the same model, those do.
 */
export function reachOf(directory: Directory, key: LocalKeyConfig): Directory {
  if (key.endpoints.length === 0) return directory;
  const seen = new Map<string, Destination>();
  for (const [name, destination] of directory.destinations)
    seen.set(
      name,
      mayUse(key, name) ? destination : { ...destination, way: forbidden(key, `the endpoint "${name}"`) },
    );
  const as = (destination: Destination): Destination => seen.get(destination.endpoint.name) ?? destination;
  const poolAs = (pool: Pool): Pool => {
    const [first, ...others] = pool.destinations.filter(({ endpoint }) => mayUse(key, endpoint.name));
    return { ...pool, destinations: first === undefined ? [as(pool.destinations[0])] : [first, ...others] };
  };
  return {
    ...directory,
    destinations: seen,
    byModel: new Map([...directory.byModel].map(([model, pool]) => [model, poolAs(pool)])),
    fallback: directory.fallback && as(directory.fallback),
  };
}

/** Of the endpoints, those whose models a key is shown: those that it may use, or the one that the request names. */
export function listedFor(key: LocalKeyConfig, target: Target, directory: Directory): Directory {
  const seen = [...directory.destinations].filter(
    ([name]) => mayUse(key, name) && (target.by === "model" || target.endpoint === name),
  );
  const destinations = new Map(seen);
  // Whatever an endpoint serves can be asked of it by its own path.
  const fallback = target.by === "model" ? directory.fallback : destinations.get(target.endpoint);
  return { ...directory, destinations, fallback };
}

/** Whether a key may name a model. */
export const mayName = (key: LocalKeyConfig, { id }: Model): boolean =>
  key.models.length === 0 || key.models.includes(id);
