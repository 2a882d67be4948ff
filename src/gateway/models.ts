import { expiredSince } from "./upstream/attach.ts";
import { type Destination, type Directory } from "./directory.ts";
import { fetchFrom } from "./upstream/fetch.ts";
import { limits } from "./limits.ts";
import { Upstream } from "./upstream/upstream.ts";

/** One entry of OpenAI's model list. */
export interface Model {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** Whether the list must be merged: a single endpoint without aliases lists its models itself, untouched. */
export function mergesModels({ destinations }: Directory): boolean {
  const [only] = destinations.values();
  return destinations.size > 1 || (only !== undefined && only.endpoint.aliases.size > 0);
}

/** The models of a `GET /models` answer; none when it is not such a list. */
export function readModels(body: Buffer): Model[] {
  let list: unknown;
  try {
    list = JSON.parse(body.toString("utf8"));
  } catch {
    return [];
  }
  const data = typeof list === "object" && list !== null && "data" in list ? list.data : undefined;
  if (!Array.isArray(data)) return [];
  return data.filter(
    (entry): entry is Model =>
      typeof entry === "object" && entry !== null && typeof (entry as Model).id === "string",
  );
}

async function served({ endpoint, way }: Destination, unwanted: AbortSignal): Promise<Model[] | undefined> {
  if (!(way instanceof Upstream) || expiredSince(way.attachment, endpoint.name, Date.now()) !== undefined)
    return undefined;
  try {
    const { status, body } = await fetchFrom(way, `${endpoint.basePath}/models`, limits.modelsMs, unwanted);
    return status === 200 ? readModels(body) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The models that requests can name: for each endpoint those that the configuration names, else those that it says
 * it serves, and its aliases. An endpoint that does not answer in time is listed by its configuration alone.
 *
 * @param unwanted aborts when nobody wants the list any more
 * @returns the list, and the endpoints that did not answer
 */
export async function mergeModels(
  { destinations, fallback }: Directory,
  unwanted: AbortSignal,
): Promise<{ models: Model[]; unavailable: string[] }> {
  const all = [...destinations.values()];
  const answers = await Promise.all(all.map((destination) => served(destination, unwanted)));
  const merged = new Map<string, Model>();
  const described = new Set<string>();
  const unavailable: string[] = [];
  for (const [i, destination] of all.entries()) {
    const { endpoint } = destination;
    const answer = answers[i];
    if (answer === undefined) unavailable.push(endpoint.name);
    const known = new Map((answer ?? []).map((model) => [model.id, model]));
    const byConfiguration = (id: string): Model => ({
      id,
      object: "model",
      created: 0,
      owned_by: endpoint.name,
    });
    // Of an endpoint that names no model, requests reach what it serves only if it is the default or the only one.
    const reachable = destination === fallback;
    const ids = endpoint.models.length > 0 ? endpoint.models : reachable ? known.keys() : [];
    // Of a model that several endpoints serve, the first that tells more of it than its name is listed.
    const list = (name: string, id: string): void => {
      const told = known.get(id);
      if (merged.has(name) && (told === undefined || described.has(name))) return;
      if (told !== undefined) described.add(name);
      merged.set(name, { ...(told ?? byConfiguration(name)), id: name });
    };
    for (const id of ids) list(id, id);
    for (const [alias, id] of endpoint.aliases) list(alias, id);
  }
  return { models: [...merged.values()], unavailable };
}
