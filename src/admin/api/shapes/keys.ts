import * as z from "zod";

const count = z.int().min(1).max(1_000_000_000);

const limits = {
  requestsPerMinute: count.meta({ description: "Requests in a minute; as many may come at once." }),
  tokensPerMinute: count.meta({ description: "Tokens in a minute, of prompts and answers together." }),
  concurrency: count.meta({ description: "Requests in flight at once." }),
};

const allowed = {
  endpoints: z.array(z.string().max(80)).max(1000).meta({
    description: "The endpoints that it may use; all of them when none is named.",
  }),
  models: z.array(z.string().min(1).max(500)).max(1000).meta({
    description: "The models that it may name, as requests name them; all of them when none is named.",
  }),
};

export const LocalKey = z.object({
  name: z.string().meta({ description: "The application's name." }),
  ...allowed,
  limits: z
    .object(limits)
    .partial()
    .meta({ description: "How much it may use; what is absent is not limited." }),
  lastUsed: z.iso.datetime().optional().meta({
    description:
      "When the last request with it came; absent where none is among the last thousand since the start.",
  }),
});
export type LocalKey = z.infer<typeof LocalKey>;

export const LocalKeys = z.object({
  demanded: z.boolean().meta({
    description:
      "Whether every request to the gateway needs a key. With the first key it does, and still does when the last one is gone.",
  }),
  keys: z.array(LocalKey).meta({ description: "The keys, in the file's order; never what they are." }),
});
export type LocalKeys = z.infer<typeof LocalKeys>;

export const NewLocalKey = z.strictObject({
  name: z.string().max(200).meta({ description: "The application's name." }),
  endpoints: allowed.endpoints.optional(),
  models: allowed.models.optional(),
  limits: z.strictObject(limits).partial().optional().meta({ description: "How much it may use." }),
});
export type NewLocalKey = z.infer<typeof NewLocalKey>;

export const MadeLocalKey = z.object({
  name: z.string(),
  key: z.string().meta({
    description:
      "The key, shown this once: the file keeps its hash alone. The application sends it as its API key.",
  }),
  first: z.boolean().meta({
    description: "Whether it is the first: from now on every request to the gateway needs a key.",
  }),
});
export type MadeLocalKey = z.infer<typeof MadeLocalKey>;

export const RevokedLocalKey = z.object({
  name: z.string(),
  last: z.boolean().meta({
    description:
      "Whether it was the last: every request is refused until one is added, or the line keys: is removed from the file.",
  }),
});
export type RevokedLocalKey = z.infer<typeof RevokedLocalKey>;
