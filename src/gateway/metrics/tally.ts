import { Counts, Distribution, Kept } from "./cells.ts";
import { type Operation, operationOf } from "./operation.ts";
import type { Outcome } from "../outcome.ts";
import { type CacheResult, type RequestRecord, tokensAfterFirst } from "../record.ts";

/** How one attempt to have a request answered ended; the numbers are statuses that let another be made. */
export type AttemptResult = "answered" | "unreachable" | "unanswered" | "429" | "502" | "503" | "504";

/** Why a local key was not enough for a request. */
export type KeyRefusal = "unknown" | "endpoint" | "model" | "requests" | "tokens" | "concurrency";

/** From what a cached answer takes to what a deployment takes that wakes from zero. */
const firstByteBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const streamBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];
const tokensPerSecondBuckets = [1, 2, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000];

/** The buckets that OpenTelemetry's conventions for generative AI give to each of their metrics. */
const conventional = {
  duration: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  firstToken: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  perOutputToken: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
  tokens: Array.from({ length: 14 }, (_, power) => 4 ** power),
} as const;

/** What is counted of the requests of one operation to one model. Times are seconds. */
export class ModelTally {
  /** By the type of error that a request ended in; empty for those that did not. */
  readonly duration = new Kept<string, Distribution>(() => new Distribution(conventional.duration));
  readonly firstToken = new Distribution(conventional.firstToken);
  readonly perOutputToken = new Distribution(conventional.perOutputToken);
  readonly outputPerSecond = new Distribution(tokensPerSecondBuckets);
  readonly inputTokens = new Distribution(conventional.tokens);
  readonly outputTokens = new Distribution(conventional.tokens);

  count(record: RequestRecord, endedMs: number): void {
    const { startedMs, firstTokenMs, usage } = record;
    const error = errorOf(record);
    this.duration.of(error).observe((endedMs - startedMs) / 1000);
    if (usage?.inputTokens !== undefined) this.inputTokens.observe(usage.inputTokens);
    if (usage?.outputTokens !== undefined) this.outputTokens.observe(usage.outputTokens);
    if (error !== "" || firstTokenMs === undefined) return;
    this.firstToken.observe((firstTokenMs - startedMs) / 1000);
    const after = tokensAfterFirst(record, endedMs);
    if (after === undefined) return;
    this.perOutputToken.observe(after.seconds / after.tokens);
    this.outputPerSecond.observe(after.tokens / after.seconds);
  }
}

/** `error.type`: the code of an error of ours, else an endpoint's status, else how the request ended; or empty. */
function errorOf({ code, status, outcome }: RequestRecord): string {
  if (code !== undefined) return code;
  if (status >= 400) return String(status);
  return outcome === undefined || outcome === "done" ? "" : outcome;
}

/** What is counted of the requests to one endpoint, or of those that reached none. Times are seconds. */
export class EndpointTally {
  readonly requests = new Kept<Outcome, Counts<number>>(() => new Counts());
  readonly firstByte = new Distribution(firstByteBuckets);
  readonly stream = new Distribution(streamBuckets);
  readonly attempts = new Counts<AttemptResult>();
  readonly cache = new Counts<CacheResult>();
  /** By the model's own id, which is empty where the configuration does not name it. */
  readonly models = new Kept<Operation, Kept<string, ModelTally>>(() => new Kept(() => new ModelTally()));
  inFlight = 0;
  sentBytes = 0;
  receivedBytes = 0;

  /** @param model its id, where the configuration names it */
  count(record: RequestRecord, model: string): void {
    const { outcome = "postern-internal", startedMs, firstByteMs } = record;
    this.requests.of(outcome).add(record.status);
    if (record.endpoint === undefined) return;
    this.inFlight -= 1;
    this.sentBytes += record.sentBytes;
    this.receivedBytes += record.receivedBytes;
    const endedMs = record.endedMs ?? firstByteMs ?? startedMs;
    if (firstByteMs !== undefined) {
      this.firstByte.observe((firstByteMs - startedMs) / 1000);
      this.stream.observe((endedMs - firstByteMs) / 1000);
    }
    // What comes from the cache tells nothing of the endpoint, and took no tokens.
    const operation = record.cache === "hit" ? undefined : operationOf(record.method, record.path);
    if (operation !== undefined) this.models.of(operation).of(model).count(record, endedMs);
  }
}

/** What is counted of the requests that came with one local key. */
export class KeyTally {
  readonly tokens = new Counts<"input" | "output">();
  readonly refusals = new Counts<KeyRefusal>();
  requests = 0;

  count({ cache, usage }: RequestRecord): void {
    this.requests += 1;
    if (cache === "hit" || usage === undefined) return;
    this.tokens.add("input", usage.inputTokens ?? 0);
    this.tokens.add("output", usage.outputTokens ?? 0);
  }
}
