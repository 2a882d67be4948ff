import * as z from "zod";

const ms = z.number().nonnegative();
const count = z.int().nonnegative();

/** When a request reached what, in milliseconds since its head had been read; absent is what it has not reached. */
const timeline = z.object({
  queueMs: ms.optional().meta({ description: "It was sent on its way: its body read, its endpoint chosen." }),
  connectMs: ms.optional().meta({ description: "A connection to the endpoint carried it." }),
  firstByteMs: ms.optional().meta({ description: "The head of the answer came." }),
  firstTokenMs: ms.optional().meta({ description: "The first bytes of a streamed answer came." }),
});

/** One request. It tells of no header and no body. */
export const seenRequest = z
  .object({
    id: z.string().meta({ description: "Names the request in this API, and no other one." }),
    requestId: z
      .string()
      .meta({ description: "Its x-request-id, as in the log; clients may give several requests the same." }),
    startedAt: z.iso.datetime(),
    durationMs: ms.meta({ description: "Until its end, or until now." }),
    endpoint: z.string().optional().meta({ description: "Absent where none was chosen." }),
    model: z.string().optional().meta({ description: "As the client named it, at most 200 characters." }),
    method: z.string(),
    path: z.string().meta({ description: "Below the endpoint's base, without its query." }),
    localKey: z.string().optional().meta({ description: "The name of the local key that it came with." }),
    status: z
      .int()
      .optional()
      .meta({ description: "Of the answer to the client; absent while there is none." }),
    outcome: z
      .string()
      .optional()
      .meta({ description: "Who ended it, and in which phase; absent while it is in flight." }),
    code: z.string().optional().meta({ description: "Of the error of Postern's own that it ended in." }),
    tried: z
      .array(z.string())
      .meta({ description: "Endpoints that were tried before the one that answered, with what they said." }),
    cache: z
      .enum(["hit", "miss", "bypass"])
      .optional()
      .meta({ description: "What the endpoint's cache did." }),
    sentBytes: count.meta({ description: "Of the request's body, sent to the endpoint." }),
    receivedBytes: count.meta({ description: "Of the answer's body, received from the endpoint." }),
    inputTokens: count.optional(),
    outputTokens: count.optional(),
    tokensPerSecond: z
      .number()
      .optional()
      .meta({ description: "Of a streamed answer that is complete, behind its first token." }),
    timeline,
  })
  .meta({ description: "A request: in flight, or ended." });
export type SeenRequest = z.infer<typeof seenRequest>;

/** What an event of the live stream brings: `snapshot` comes first, then a `change` whenever there is one. */
export const look = z
  .object({
    at: z.iso.datetime(),
    lastHour: z
      .object({ requests: count, errors: count })
      .meta({ description: "What ended in the last hour; an error is what /live/history counts as one." }),
    ended: z.array(seenRequest).meta({
      description:
        "What ended since the event before, or lately in a snapshot: the newest first, at most 200.",
    }),
    leftOut: count.meta({
      description: "How many more ended since the event before; 0 in a snapshot.",
    }),
    inFlight: z.array(seenRequest).meta({
      description: "All that is in flight now, the newest first, at most 200; replaces the event's before.",
    }),
    inFlightCount: count,
  })
  .meta({ description: "Live traffic: a snapshot, or what changed since the event before." });
export type Look = z.infer<typeof look>;

const perBucket = z.array(count);
const quantiles = z.object({
  p50: z.array(z.number().nullable()),
  p95: z.array(z.number().nullable()),
});

/** The last hour, for charts: each array has an entry for each bucket, the oldest first. */
export const history = z
  .object({
    from: z.iso.datetime().meta({ description: "When the first bucket begins." }),
    stepMs: z.int().meta({ description: "How long a bucket is." }),
    endpoints: z.array(z.string()).meta({ description: "Those that have a history." }),
    requests: perBucket.meta({ description: "Requests that ended." }),
    errors: z.record(z.string(), perBucket).meta({
      description:
        "Of these, those that went wrong: by their outcome, or `answer-4xx` and `answer-5xx` where a complete answer said so; only what occurred.",
    }),
    firstTokenMs: quantiles.meta({
      description: "Time to the first token of streamed answers; null without any.",
    }),
    tokensPerSecond: quantiles.meta({ description: "Of complete streamed answers; null without any." }),
  })
  .meta({ description: "The last hour in buckets, of one endpoint or of all together." });
export type History = z.infer<typeof history>;

export const historyQuery = z.strictObject({
  endpoint: z.string().optional().meta({ description: "Only this endpoint's." }),
});

/** How many requests that ended a gateway remembers. */
export const mostKept = 1_000;

export const requestsQuery = z.strictObject({
  endpoint: z.string().optional().meta({ description: "The endpoint's name." }),
  model: z.string().optional().meta({ description: "A part of the model's name, in any case." }),
  localKey: z.string().optional().meta({ description: "The local key's name." }),
  outcome: z.string().optional().meta({ description: "Who ended it, and in which phase." }),
  status: z.coerce.number().int().optional().meta({ description: "Of the answer to the client." }),
  failed: z
    .stringbool()
    .optional()
    .meta({ description: "Whether it went wrong, as /live/history counts it." }),
  requestId: z.string().optional().meta({ description: "Its x-request-id." }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(mostKept)
    .default(200)
    .meta({ description: "How many at most: the newest." }),
});
export type RequestsQuery = z.infer<typeof requestsQuery>;

export const requestsAnswer = z.object({
  requests: z.array(seenRequest).meta({ description: "Of the last 1,000 that ended, the newest first." }),
});

export const requestNamed = z.strictObject({
  id: z.string().meta({ description: "As /live and /live/requests name it." }),
});
