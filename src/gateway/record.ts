import type { Outcome } from "./outcome.ts";

/** What a cache did for a request: it had the answer, it keeps it if it may, or it was not asked. */
export type CacheResult = "hit" | "miss" | "bypass";

/** What an answer says that it took, in tokens. */
export interface Usage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** What is known of one request: for its log line and the metrics. It holds no header and no body. */
export interface RequestRecord {
  /** Counts the requests of this process, from 1. */
  readonly number: number;
  readonly id: string;
  readonly method: string;
  /** The path below the endpoint's base, without its query: `/chat/completions`. */
  path: string;
  /** The name of the local key that it came with. */
  localKey: string | undefined;
  /** Whether that key limits tokens: then they are estimated where the answer does not tell them. */
  tokensLimited: boolean;
  /** `performance.now()` when the request's head had been read. */
  readonly startedMs: number;
  /** The time of day then, in milliseconds since the epoch. */
  readonly startedAt: number;
  endpoint: string | undefined;
  model: string | undefined;
  /** Of the answer to the client; 0 when none was sent. */
  status: number;
  outcome: Outcome | undefined;
  /** The code of the error that the request ended in. */
  code: string | undefined;
  /** When it was sent on its way: its body read as far as that takes, and its endpoint chosen. */
  dispatchedMs: number | undefined;
  connectedMs: number | undefined;
  firstByteMs: number | undefined;
  /** When the first bytes of the answer's body came. */
  firstTokenMs: number | undefined;
  endedMs: number | undefined;
  /** Of the request's body, where it is at hand whole and can be sent again; else it is sent once. */
  wholeBytes: number | undefined;
  /** Of the request's body, sent to the endpoint, each time that it was. */
  sentBytes: number;
  /** Of the answer's body, received from the endpoint. */
  receivedBytes: number;
  usage: Usage | undefined;
  /** What the local key is charged for an answer that did not tell its usage (keys/estimate.ts). */
  estimatedTokens: number | undefined;
  /** Whether it may go to one of several endpoints. */
  shared: boolean;
  /** The endpoints that were tried in vain or passed over, with what they said. */
  tried: readonly string[];
  /** What the endpoint's cache did; absent where it has none. */
  cache: CacheResult | undefined;
  /** Where it stands among those in flight (live/in-flight.ts), as long as it does. */
  place: number | undefined;
}

/** What is known of a request from the first. */
type Beginning = Pick<RequestRecord, "number" | "id" | "method" | "startedMs" | "startedAt">;

/** Of most requests: they need none of their own. */
const none: readonly string[] = Object.freeze([]);

export function beginRecord({ number, id, method, startedMs, startedAt }: Beginning): RequestRecord {
  return {
    number,
    id,
    method,
    path: "",
    localKey: undefined,
    tokensLimited: false,
    startedMs,
    startedAt,
    endpoint: undefined,
    model: undefined,
    status: 0,
    outcome: undefined,
    code: undefined,
    dispatchedMs: undefined,
    connectedMs: undefined,
    firstByteMs: undefined,
    firstTokenMs: undefined,
    endedMs: undefined,
    wholeBytes: undefined,
    sentBytes: 0,
    receivedBytes: 0,
    usage: undefined,
    estimatedTokens: undefined,
    shared: false,
    tried: none,
    cache: undefined,
    place: undefined,
  };
}

/**
 * The tokens of a streamed answer behind its first, and how long they took; undefined where that cannot be told.
 *
 * @param endedMs by the clock of the record
 */
export function tokensAfterFirst(
  { firstTokenMs, usage }: RequestRecord,
  endedMs: number,
): { readonly tokens: number; readonly seconds: number } | undefined {
  if (firstTokenMs === undefined) return undefined;
  const tokens = (usage?.outputTokens ?? 0) - 1;
  const seconds = (endedMs - firstTokenMs) / 1000;
  return tokens < 1 || seconds <= 0 ? undefined : { tokens, seconds };
}
