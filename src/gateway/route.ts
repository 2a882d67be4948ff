import { formatSize } from "../config/quantities.ts";
import { problem } from "../errors.ts";
import { type IncomingRequest, headerOf } from "./local/incoming-request.ts";
import { modelIn, type Peeked, peekBody, readBody, readOn, withModel } from "./body/body.ts";
import type { Body } from "./upstream/request.ts";
import { type Destination, type Directory, pathsOf, type Pool } from "./directory.ts";
import { type Soon, when } from "./soon.ts";
import type { Target } from "./target.ts";

/** What is sent to one endpoint. */
interface Errand {
  /** Path and query. */
  readonly target: string;
  readonly body: Body | undefined;
}

/** Where a request goes, and what is sent there. */
export interface Route extends Errand {
  /** The only one, or the first of several. */
  readonly destination: Destination;
  /** The model that the request names, where that was looked at. */
  readonly model: string | undefined;
  readonly shared: Shared | undefined;
}

/** Several endpoints that a request may go to. */
interface Shared {
  readonly pool: Pool;
  readonly errandTo: (destination: Destination) => Errand;
}

const modelPath = /^\/models\/(.+?)\/?$/;

/** The model in `/models/<id>`; ids contain slashes, encoded or not. */
export function modelInPath(path: string): string | undefined {
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
 * @throws PosternError endpoint_unknown, endpoint_none, model_unknown, model_missing, model_too_far, body_unreadable,
 *   bodies_exhausted
 * @throws ClientLeft
 */
export function chooseRoute(incoming: IncomingRequest, target: Target, directory: Directory): Soon<Route> {
  if (target.by !== "model") {
    const destination = directory.destinations.get(target.endpoint);
    if (destination === undefined)
      throw problem("endpoint_unknown", {
        endpoint: target.endpoint,
        known: [...directory.destinations.keys()],
      });
    if (target.by === "raw") {
      const path = target.path + target.query;
      return when(readBody(incoming), (body) => alone(destination, undefined, { target: path, body }));
    }
    return toEndpoint(incoming, target, destination, directory);
  }
  if (directory.destinations.size === 0) throw problem("endpoint_none", undefined);
  if (directory.destinations.size === 1 && directory.fallback !== undefined)
    return toEndpoint(incoming, target, directory.fallback, directory);
  const named = modelInPath(target.path);
  if (named !== undefined) return byPath(incoming, target, named, directory);
  return byBody(incoming, target, directory);
}

const alone = (
  destination: Destination,
  model: string | undefined,
  { target, body }: Errand,
  shared?: Shared,
): Route => ({ destination, model, target, body, shared });

/** The route to the endpoints of a pool; `errandTo` says what each gets. */
function among(pool: Pool, errandTo: Shared["errandTo"]): Route {
  const { destinations, model } = pool;
  const [destination] = destinations;
  const errand = errandTo(destination);
  return alone(destination, model, errand, destinations.length === 1 ? undefined : { pool, errandTo });
}

/** A route that needs no model: the body is awaited for it only where the endpoint has aliases to put in place. */
function toEndpoint(
  incoming: IncomingRequest,
  target: Target,
  destination: Destination,
  directory: Directory,
): Soon<Route> {
  const named = modelInPath(target.path);
  if (destination.endpoint.aliases.size > 0 && named === undefined)
    return when(peekBody(incoming, directory.peekBytes), (peeked) =>
      alone(destination, peeked.found?.model, errandWith(destination, target, peeked, isJson(incoming))),
    );
  const to =
    named === undefined ? upstreamTarget(destination, target) : modelTarget(destination, target, named);
  return when(readBody(incoming), (body) =>
    alone(destination, named ?? modelIn(body, directory.peekBytes), { target: to, body }),
  );
}

function byPath(incoming: IncomingRequest, target: Target, model: string, directory: Directory): Soon<Route> {
  const pool = directory.byModel.get(model);
  if (pool === undefined) {
    if (directory.fallback === undefined) throw unknownModel(model, directory);
    return toEndpoint(incoming, target, directory.fallback, directory);
  }
  return when(readBody(incoming), (body) =>
    among(pool, (destination) => ({ target: modelTarget(destination, target, model), body })),
  );
}

const byBody = (incoming: IncomingRequest, target: Target, directory: Directory): Soon<Route> =>
  when(peekBody(incoming, directory.peekBytes), (peeked) => byModel(incoming, target, peeked, directory));

function byModel(
  incoming: IncomingRequest,
  target: Target,
  peeked: Peeked,
  directory: Directory,
): Soon<Route> {
  const { found, missing, beyond, body } = peeked;
  const json = isJson(incoming);
  const pool = found === undefined ? undefined : directory.byModel.get(found.model);
  if (pool !== undefined) {
    // What is at hand whole can be sent to another endpoint, if the first one does not serve.
    const several = pool.destinations.length > 1 && body !== undefined;
    return when(several ? readOn(body) : body, (whole) => {
      const known = { ...peeked, body: whole };
      return among(pool, (destination) => errandWith(destination, target, known, json));
    });
  }
  const { fallback } = directory;
  if (fallback !== undefined)
    return alone(fallback, found?.model, errandWith(fallback, target, peeked, json));
  if (found !== undefined) throw unknownModel(found.model, directory);
  const paths = pathsOf(directory);
  if (beyond) throw problem("model_too_far", { limit: formatSize(directory.peekBytes), paths });
  if (body !== undefined && missing !== undefined)
    throw problem("body_unreadable", { reason: missing, paths });
  throw problem("model_missing", { paths });
}

/** What an endpoint gets of a request whose body was looked at: with its own id in the place of an alias. */
function errandWith(
  destination: Destination,
  target: Target,
  { body, found, missing }: Peeked,
  json: boolean,
): Errand {
  const to = upstreamTarget(destination, target);
  const real = found === undefined ? undefined : destination.endpoint.aliases.get(found.model);
  if (body === undefined || found === undefined || real === undefined) return { target: to, body };
  // The name was understood, but not where it stands: sending the alias on would only puzzle the endpoint.
  if (found.from < 0)
    throw problem("body_unreadable", {
      reason: missing ?? "the model's place in the form is unclear",
      paths: [],
    });
  return { target: to, body: withModel(body, found, real, json) };
}

function unknownModel(model: string, directory: Directory): Error {
  return problem("model_unknown", { model: model.slice(0, 200), known: [...directory.byModel.keys()] });
}

/** The target for a request whose path names this model. */
function modelTarget(destination: Destination, target: Target, model: string): string {
  const real = destination.endpoint.aliases.get(model);
  return upstreamTarget(
    destination,
    real === undefined ? target : { ...target, path: `/models/${asPath(real)}` },
  );
}

function upstreamTarget({ endpoint }: Destination, { path, query }: Pick<Target, "path" | "query">): string {
  const full = endpoint.basePath + path;
  return (full === "" ? "/" : full) + query;
}

function isJson(incoming: IncomingRequest): boolean {
  return !/^multipart\//i.test(headerOf(incoming, "content-type") ?? "");
}
