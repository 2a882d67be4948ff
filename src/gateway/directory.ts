import type { Config, EndpointConfig } from "../config/config.ts";
import { PosternError } from "../errors.ts";
import type { Item } from "../vault/item.ts";
import { type Attachment, attachmentOf } from "./attach.ts";
import { Upstream } from "./upstream.ts";

/** An endpoint as requests meet it: its connections, or the error that all of its requests are answered with. */
export interface Destination {
  readonly endpoint: EndpointConfig;
  readonly way: Upstream | PosternError;
}

/** All that routing needs, in one frozen value: a reload makes a new one and swaps it whole. */
export interface Directory {
  readonly destinations: ReadonlyMap<string, Destination>;
  /** Models and aliases → who serves them. */
  readonly byModel: ReadonlyMap<string, Destination>;
  /** Where a request goes whose model no endpoint names: the only endpoint, or the default one. */
  readonly fallback: Destination | undefined;
  readonly peekBytes: number;
}

/** Whether two versions of an endpoint can share connections. */
function sameWay(a: EndpointConfig, b: EndpointConfig): boolean {
  const parts = ({ origin, ca, timeouts }: EndpointConfig): string => JSON.stringify([origin, ca, timeouts]);
  return parts(a) === parts(b);
}

function attachmentOrError(
  endpoint: EndpointConfig,
  find: (name: string) => Item | undefined,
  now: Date,
): Attachment | PosternError {
  try {
    return attachmentOf(endpoint, find, now);
  } catch (error) {
    if (error instanceof PosternError) return error;
    throw error;
  }
}

/**
 * Compiles configuration and vault into a directory. Connections of `before` are kept for endpoints that did not
 * change; the rest of them is retired: what they carry ends undisturbed.
 *
 * @param authorities CAs that may sign any endpoint's certificate; asked for only when a connection pool is made
 */
export function directoryOf(
  config: Config,
  find: (name: string) => Item | undefined,
  now: Date,
  authorities: () => readonly string[],
  before: Directory | undefined,
): Directory {
  const destinations = new Map<string, Destination>();
  const byModel = new Map<string, Destination>();
  const kept = new Set<Upstream>();
  for (const endpoint of config.endpoints.values()) {
    const attachment = attachmentOrError(endpoint, find, now);
    const old = before?.destinations.get(endpoint.name)?.way;
    let way: Upstream | PosternError;
    if (attachment instanceof PosternError) way = attachment;
    else if (
      old instanceof Upstream &&
      old.attachment.version === attachment.version &&
      sameWay(old.endpoint, endpoint)
    ) {
      way = old;
      kept.add(old);
    } else way = new Upstream(endpoint, attachment, authorities());
    const destination = { endpoint, way };
    destinations.set(endpoint.name, destination);
    for (const model of [...endpoint.models, ...endpoint.aliases.keys()]) byModel.set(model, destination);
  }
  for (const { way } of before?.destinations.values() ?? [])
    if (way instanceof Upstream && !kept.has(way)) way.retire();
  const [only] = destinations.values();
  const fallback = destinations.size === 1 ? only : destinations.get(config.defaultEndpoint ?? "");
  return Object.freeze({ destinations, byModel, fallback, peekBytes: config.limits.peekBytes });
}

/** The local paths that name an endpoint, for error messages. */
export function pathsOf(directory: Directory): string[] {
  return [...directory.destinations.keys()].map((name) => `/${name}/v1`);
}
