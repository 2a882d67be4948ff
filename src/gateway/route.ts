import { formatSize } from "../config/quantities.ts";
import { problem } from "../errors.ts";
import { type Ask, headerOf } from "./ask.ts";
import { modelIn, type Peeked, peekBody, readBody, withModel } from "./body.ts";
import type { Body } from "./connection.ts";
import { type Destination, type Directory, pathsOf } from "./directory.ts";
import type { Target } from "./target.ts";

/** Where a request goes, and what is sent there. */
export interface Route {
  readonly destination: Destination;
  /** Path and query for the endpoint. */
  readonly target: string;
  /** The model that the request names, where that was looked at. */
  readonly model: string | undefined;
  readonly body: Body | undefined;
}

const modelPath = /^\/models\/(.+?)\/?$/;

/** The model in `/models/<id>`; ids contain slashes, encoded or not. */
function modelInPath(path: string): string | undefined {
  const id = modelPath.exec(path)?.[1];
  if (id === undefined) return undefined;
  try {
    return decodeURIComponent(id);
  } catch {
    return undefined;
  }
}

/** A model's id as a part of a path. Slashes stay, since servers expect them as they are. */
const asPath = (id: string): string => encodeURI(id).replaceAll(/[?#]/g, encodeURIComponent);

/**
 * Chooses the endpoint of a request, and reads as much of its body as that takes.
 *
 * @throws PosternError endpoint_none, model_unknown, model_missing, model_too_far, body_unreadable
 * @throws ClientLeft
 */
export async function chooseRoute(ask: Ask, target: Target, directory: Directory): Promise<Route> {
  if (target.by !== "model") {
    const destination = directory.destinations.get(target.endpoint);
    if (destination === undefined)
      throw problem("endpoint_unknown", { endpoint: target.endpoint, known: [] });
    if (target.by === "raw")
      return { destination, target: target.path + target.query, model: undefined, body: await readBody(ask) };
    return toEndpoint(ask, target, destination, directory);
  }
  if (directory.destinations.size === 0) throw problem("endpoint_none", undefined);
  if (directory.destinations.size === 1 && directory.fallback !== undefined)
    return toEndpoint(ask, target, directory.fallback, directory);
  const named = modelInPath(target.path);
  if (named !== undefined) return byPath(ask, target, named, directory);
  return byBody(target, await peekBody(ask, directory.peekBytes), directory, isJson(ask));
}

/** A route that needs no model: the body is awaited for it only where the endpoint has aliases to put in place. */
async function toEndpoint(
  ask: Ask,
  target: Target,
  destination: Destination,
  directory: Directory,
): Promise<Route> {
  const { aliases } = destination.endpoint;
  const inPath = modelInPath(target.path);
  if (aliases.size > 0 && inPath === undefined)
    return routeTo(destination, target, await peekBody(ask, directory.peekBytes), isJson(ask));
  const real = inPath === undefined ? undefined : aliases.get(inPath);
  const path = real === undefined ? target.path : `/models/${asPath(real)}`;
  const body = await readBody(ask);
  const model = inPath ?? modelIn(body);
  return { destination, target: upstreamTarget(destination, path, target.query), model, body };
}

async function byPath(ask: Ask, target: Target, model: string, directory: Directory): Promise<Route> {
  const destination = directory.byModel.get(model) ?? directory.fallback;
  if (destination === undefined) throw unknownModel(model, directory);
  return toEndpoint(ask, target, destination, directory);
}

function byBody(target: Target, peeked: Peeked, directory: Directory, json: boolean): Route {
  const { found, missing, beyond, body } = peeked;
  const paths = pathsOf(directory);
  const destination =
    (found === undefined ? undefined : directory.byModel.get(found.model)) ?? directory.fallback;
  if (destination !== undefined) return routeTo(destination, target, peeked, json);
  if (found !== undefined) throw unknownModel(found.model, directory);
  if (beyond) throw problem("model_too_far", { limit: formatSize(directory.peekBytes), paths });
  if (body !== undefined && missing !== undefined)
    throw problem("body_unreadable", { reason: missing, paths });
  throw problem("model_missing", { paths });
}

function routeTo(
  destination: Destination,
  target: Target,
  { body, found, missing }: Peeked,
  json: boolean,
): Route {
  const route = {
    destination,
    target: upstreamTarget(destination, target.path, target.query),
    model: found?.model,
  };
  const real = found === undefined ? undefined : destination.endpoint.aliases.get(found.model);
  if (body === undefined || found === undefined || real === undefined) return { ...route, body };
  // The name was understood, but not where it stands: sending the alias on would only puzzle the endpoint.
  if (found.from < 0)
    throw problem("body_unreadable", {
      reason: missing ?? "the model's place in the form is unclear",
      paths: [],
    });
  return { ...route, body: withModel(body, found, real, json) };
}

function unknownModel(model: string, directory: Directory): Error {
  return problem("model_unknown", { model: model.slice(0, 200), known: [...directory.byModel.keys()] });
}

function upstreamTarget({ endpoint }: Destination, path: string, query: string): string {
  const full = endpoint.basePath + path;
  return (full === "" ? "/" : full) + query;
}

function isJson(ask: Ask): boolean {
  return !/^multipart\//i.test(headerOf(ask, "content-type") ?? "");
}
