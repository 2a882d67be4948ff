import type { Choosing, Config, EjectionConfig, EndpointConfig, RetriesConfig } from "../config/config.ts";
import { defaultChoosing } from "../config/sharing.ts";
import { PosternError } from "../errors.ts";
import type { Item } from "../vault/item.ts";
import { type Attachment, attachmentOf, expiredSince } from "./upstream/attach.ts";
import { RetryBudget } from "./attempts/retry-budget.ts";
import { Standing } from "./attempts/standing.ts";
import { Upstream } from "./upstream/upstream.ts";

/** An endpoint as requests meet it: its connections, or the error that all of its requests are answered with. */
export interface Destination {
  readonly endpoint: EndpointConfig;
  readonly way: Upstream | PosternError;
  /** Of the endpoint of this name at this origin, from the first directory to the last that has it. */
  readonly standing: Standing;
}

/** The endpoints that serve one model, and how they share its requests. */
export interface Pool {
  /** As requests name it. */
  readonly model: string;
  /** In the order of the file; at least one. */
  readonly destinations: readonly [Destination, ...Destination[]];
  readonly choose: Choosing;
  /** Endpoint → weight; 1 where it is not named. */
  readonly weights: ReadonlyMap<string, number>;
  readonly retries: RetriesConfig;
  readonly ejection: EjectionConfig;
  /** It outlives a reload. */
  readonly budget: RetryBudget;
}

/** All that routing needs, in one frozen value: a reload makes a new one and swaps it whole. */
export interface Directory {
  readonly destinations: ReadonlyMap<string, Destination>;
  /** Models and aliases → who serves them. */
  readonly byModel: ReadonlyMap<string, Pool>;
  /** Where a request goes whose model no endpoint names: the only endpoint, or the default one. */
  readonly fallback: Destination | undefined;
  readonly peekBytes: number;
}

/** An endpoint's own id of a model that requests may name by an alias. */
export const ownId = ({ aliases }: EndpointConfig, model: string): string => aliases.get(model) ?? model;

/** Whether connections of an upstream are as they would be made now, whatever is sent over them. */
function sameWay(old: Upstream, endpoint: EndpointConfig, { identity }: Attachment): boolean {
  const parts = ({ origin, ca, timeouts }: EndpointConfig): string => JSON.stringify([origin, ca, timeouts]);
  const sameIdentity = old.attachment.identity?.certificate === identity?.certificate;
  return sameIdentity && parts(old.endpoint) === parts(endpoint);
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
  const kept = new Set<Upstream>();
  for (const endpoint of config.endpoints.values()) {
    const attachment = attachmentOrError(endpoint, find, now);
    const known = before?.destinations.get(endpoint.name);
    const standing = known?.endpoint.origin === endpoint.origin ? known.standing : new Standing();
    const old = known?.way instanceof Upstream ? known.way : undefined;
    let way: Upstream | PosternError;
    if (attachment instanceof PosternError) way = attachment;
    else {
      const same = old !== undefined && sameWay(old, endpoint, attachment);
      if (same && old.attachment.version === attachment.version) {
        way = old;
        kept.add(old);
      } else way = new Upstream(endpoint, attachment, authorities(), standing);
      if (!same) standing.wayChanged();
    }
    destinations.set(endpoint.name, { endpoint, way, standing });
  }
  for (const { way } of before?.destinations.values() ?? [])
    if (way instanceof Upstream && !kept.has(way)) way.retire();
  const byModel = poolsOf(destinations, config, before);
  const [only] = destinations.values();
  const fallback = destinations.size === 1 ? only : destinations.get(config.defaultEndpoint ?? "");
  return Object.freeze({ destinations, byModel, fallback, peekBytes: config.limits.peekBytes });
}

/** Who serves each model, under its own id or an alias. */
function poolsOf(
  destinations: Directory["destinations"],
  { models, retries, ejection }: Config,
  before: Directory | undefined,
): Map<string, Pool> {
  const serving = new Map<string, [Destination, ...Destination[]]>();
  for (const destination of destinations.values()) {
    const { models: own, aliases } = destination.endpoint;
    for (const model of [...own, ...aliases.keys()]) {
      const others = serving.get(model);
      if (others === undefined) serving.set(model, [destination]);
      else others.push(destination);
    }
  }
  const pools = new Map<string, Pool>();
  for (const [model, sharing] of serving) {
    const { choose = defaultChoosing, weights = new Map<string, number>() } = models.get(model) ?? {};
    const budget = before?.byModel.get(model)?.budget ?? new RetryBudget();
    pools.set(model, { model, destinations: sharing, choose, weights, retries, ejection, budget });
  }
  return pools;
}

/**
 * The way to an endpoint whose credentials are in order now; without them nothing is sent.
 *
 * @throws PosternError
 */
export function openWay({ endpoint, way }: Destination, nowMs: number): Upstream {
  if (way instanceof PosternError) throw way;
  const expired = expiredSince(way.attachment, endpoint.name, nowMs);
  if (expired !== undefined) throw expired;
  return way;
}

/** The local paths that name an endpoint, for error messages. */
export function pathsOf(directory: Directory): string[] {
  return [...directory.destinations.keys()].map((name) => `/${name}/v1`);
}
