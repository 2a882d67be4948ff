import * as z from "zod";
import { endpointNamePattern } from "../../../config/file-keys.ts";

const endpoint = z
  .string()
  .regex(endpointNamePattern, "not a name that an endpoint can have")
  .meta({ description: "The endpoint's name in the configuration." });

const message = z
  .strictObject({
    role: z.enum(["system", "user", "assistant"]).meta({ description: "Who says it." }),
    content: z.string().meta({ description: "What is said." }),
  })
  .meta({ description: "One message of the conversation." });

const parameters = z
  .strictObject({
    temperature: z.number().optional().meta({ description: "How freely words are chosen; 0 is least." }),
    top_p: z.number().optional().meta({ description: "The share of likely words that are chosen from." }),
    max_tokens: z.int().positive().optional().meta({ description: "How long the answer may be." }),
    seed: z.int().optional().meta({ description: "With the same seed, the same answer, where it can be." }),
    stop: z.array(z.string().min(1)).optional().meta({ description: "Texts at which the answer ends." }),
    frequency_penalty: z.number().optional().meta({ description: "Against words that were said often." }),
    presence_penalty: z.number().optional().meta({ description: "Against words that were said at all." }),
  })
  .meta({ description: "As OpenAI's API names them; the endpoint judges their values." });

/** What `POST /playground/chat` takes. */
export const chatAsked = z.strictObject({
  endpoint,
  model: z.string().min(1).meta({ description: "As the endpoint names it, or an alias of it." }),
  messages: z.array(message).min(1).meta({ description: "The conversation so far." }),
  parameters: parameters.prefault({}),
});

export type ChatAsked = z.input<typeof chatAsked>;
export type ChatMessage = z.infer<typeof message>;
export type ChatParameters = z.infer<typeof parameters>;

/** What `POST /playground/chat` answers with: it is the endpoint's own, and passed on as it comes. */
export const chatAnswered = {
  description: "The endpoint's answer, byte for byte: events with chunks of a chat completion.",
  content: { "text/event-stream": { schema: z.any() } },
};

export const modelsAsked = z.strictObject({ endpoint });

/** What `GET /playground/models` answers with. */
export const modelsAnswered = z.object({
  models: z.array(z.string()).meta({ description: "The ids of the endpoint's models, as it lists them." }),
});

export type ModelsAnswered = z.infer<typeof modelsAnswered>;
