import type { LocalKeyConfig } from "../../config/config.ts";
import { formatSize } from "../../config/quantities.ts";
import { PosternError, problem } from "../../errors.ts";
import type { IncomingRequest } from "../local/incoming-request.ts";
import type { Destination, Directory } from "../directory.ts";
import { Metered } from "../local/metered.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { forbidden, mayUse, permitModel, reachOf } from "./permit.ts";
import type { Granted, LimitName, Quota } from "./quota.ts";
import type { RequestRecord } from "../record.ts";
import type { Soon } from "../soon.ts";
import type { Rules } from "./rules.ts";
import { mapTarget, type Target } from "../target.ts";

/** A request that was let in. */
export interface Entered {
  readonly incoming: IncomingRequest;
  readonly target: Target;
  /** As far as its key reaches. */
  readonly directory: Directory;
  readonly key: LocalKeyConfig | undefined;
}

const limitReasons = {
  "requests-per-minute": "requests",
  "tokens-per-minute": "tokens",
  concurrency: "concurrency",
} as const satisfies Record<LimitName, string>;

/** Asks each request for its local key, and holds it to what the key allows. */
export class Entrance {
  readonly #quota: Quota;
  readonly #metrics: Metrics;
  readonly #reaches = new WeakMap<LocalKeyConfig, { readonly of: Directory; readonly reach: Directory }>();
  readonly #granted = new WeakMap<RequestRecord, Granted>();

  constructor(quota: Quota, metrics: Metrics) {
    this.#quota = quota;
    this.#metrics = metrics;
  }

  /**
   * Lets a request in that the guard has let pass. `leave` must follow when it has ended, even where this throws.
   *
   * @param own the endpoint whose own listener it came in by
   * @throws PosternError of the local key, the target, the body and its model
   * @throws ClientLeft
   */
  admit(
    incoming: IncomingRequest,
    own: string | undefined,
    rules: Rules,
    directory: Directory,
    record: RequestRecord,
  ): Soon<Entered> {
    const key = rules.keyring && this.#identify(incoming, rules.keyring);
    record.localKey = key?.name;
    record.tokensLimited = key?.limits.tokensPerMinute !== undefined;
    const target = mapTarget(incoming.target, directory.destinations, own);
    record.path = target.path;
    const bounded = boundedBy(rules.bodyBytes, incoming);
    if (key === undefined) return { incoming: bounded, target, directory, key };
    if (target.by !== "model") this.#holdTo(key, target.endpoint);
    return this.#admitKey(key, bounded, target, directory, record);
  }

  /**
   * Holds a request to the endpoints of its key, once its model has shown to which one it goes.
   *
   * @throws PosternError local_key_forbids
   */
  pass({ key }: Entered, { endpoint }: Destination): void {
    if (key !== undefined) this.#holdTo(key, endpoint.name);
  }

  /** A request has ended: gives its place back, and takes the tokens that it used, or seems to have used. */
  leave(record: RequestRecord): void {
    const { usage, cache, estimatedTokens } = record;
    const told = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
    this.#granted.get(record)?.leave(cache === "hit" ? 0 : (estimatedTokens ?? told));
  }

  #holdTo(key: LocalKeyConfig, endpoint: string): void {
    if (mayUse(key, endpoint)) return;
    this.#metrics.refusedByKey(key.name, "endpoint");
    throw forbidden(key, `the endpoint "${endpoint}"`);
  }

  #identify(incoming: IncomingRequest, keyring: NonNullable<Rules["keyring"]>): LocalKeyConfig {
    try {
      return keyring.identify(incoming);
    } catch (error) {
      this.#metrics.refusedByKey("", "unknown");
      throw error;
    }
  }

  async #admitKey(
    key: LocalKeyConfig,
    incoming: IncomingRequest,
    target: Target,
    directory: Directory,
    record: RequestRecord,
  ): Promise<Entered> {
    await this.#count(key, record);
    return {
      incoming: await this.#permit(key, incoming, target, directory.peekBytes),
      target,
      directory: this.#reach(key, directory),
      key,
    };
  }

  async #count(key: LocalKeyConfig, record: RequestRecord): Promise<void> {
    const asked = this.#quota.enter(key);
    const verdict = asked instanceof Promise ? await asked : asked;
    if ("leave" in verdict) {
      this.#granted.set(record, verdict);
      return;
    }
    this.#metrics.refusedByKey(key.name, limitReasons[verdict.limit]);
    throw problem("local_limit_reached", { key: key.name, ...verdict });
  }

  async #permit(
    key: LocalKeyConfig,
    incoming: IncomingRequest,
    target: Target,
    limitBytes: number,
  ): Promise<IncomingRequest> {
    try {
      return await permitModel(key, incoming, target, limitBytes);
    } catch (error) {
      if (error instanceof PosternError && error.code === "local_key_forbids")
        this.#metrics.refusedByKey(key.name, "model");
      throw error;
    }
  }

  /** Made once for each key and directory. */
  #reach(key: LocalKeyConfig, directory: Directory): Directory {
    const known = this.#reaches.get(key);
    if (known?.of === directory) return known.reach;
    const reach = reachOf(directory, key);
    this.#reaches.set(key, { of: directory, reach });
    return reach;
  }
}

/** Refuses a body that says it is too large, and has one that does not say how large it is measured as it comes. */
function boundedBy(most: number, incoming: IncomingRequest): IncomingRequest {
  const { content } = incoming;
  if (content === undefined || most === Infinity) return incoming;
  const { length, source } = content;
  if (length !== undefined) {
    if (length > most) throw problem("body_too_large", { limit: formatSize(most) });
    return incoming;
  }
  return Buffer.isBuffer(source)
    ? incoming
    : { ...incoming, content: { ...content, source: new Metered(source, most) } };
}
