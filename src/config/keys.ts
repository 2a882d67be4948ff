import * as z from "zod";
import { endpointTypes } from "./config.ts";
import { durationPattern, sizePattern } from "./quantities.ts";

// The shape of postern.yaml: which keys there are, and whether each holds text, a list or a map. What a value must
// say beyond its shape is read in parse.ts. The JSON Schema for editors is made from this file (schema.ts).

/** Names that an endpoint may have: they are segments of local paths. */
export const endpointNamePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * First segments of Postern's own paths, and of OpenAI's: `/chat/completions` works without `/v1`, and must not be the
 * path of an endpoint named chat.
 */
export const reservedNames: readonly string[] = (
  "v1 openai raw healthz metrics api chat completions embeddings models responses messages audio images files " +
  "batches moderations realtime assistants threads rerank tokenize detokenize"
).split(" ");

const logLevels = ["debug", "info", "warn", "error"] as const;

const name = z.string().min(1);
const oneOrMore = z.union([name, z.array(name).min(1)]);

const duration = z
  .union([z.string().meta({ pattern: durationPattern }), z.number().meta({ const: 0 })])
  .optional();
const size = z.union([z.string().meta({ pattern: sizePattern }), z.number().meta({ const: 0 })]).optional();

const timeouts = z
  .strictObject({
    connect: duration.meta({ description: "DNS, TCP and TLS together.", examples: ["10s"] }),
    "first-byte": duration.meta({
      description:
        "From the request's last byte to the answer's first; minutes, for deployments that wake up.",
      examples: ["10m"],
    }),
    idle: duration.meta({ description: "Silence within an answer.", examples: ["5m"] }),
  })
  .nullish();

const endpoint = z
  .strictObject({
    url: name.optional().meta({
      description: "The base that the local /v1 stands for. A bare host gets https:// before it.",
      examples: ["https://private-2.example.com/openai/v1"],
    }),
    type: z
      .enum(endpointTypes)
      .default("dedicated")
      .meta({ description: "Which kinds of credential it takes.", examples: ["dedicated"] }),
    credentials: oneOrMore.optional().meta({
      description: "Names of vault items, at least one: a certificate, a bearer token, or both.",
      examples: ["[gen-cert]"],
    }),
    models: z
      .array(name)
      .nullish()
      .meta({
        description: "The models that it serves, by its own ids.",
        examples: ["[meta-llama/Llama-3.2-3B-Instruct]"],
      }),
    aliases: z
      .record(z.string().min(1), name)
      .nullish()
      .meta({
        description: "Local model name: the endpoint's own id.",
        examples: ["{ llama: meta-llama/Llama-3.2-3B-Instruct }"],
      }),
    ca: name.optional().meta({
      description: "PEM file of the CAs that sign its server certificate, relative to this file.",
      examples: ["private-ca.pem"],
    }),
    listen: oneOrMore.nullish().meta({
      description: "Listeners of its own, whose /v1 is this endpoint.",
      examples: ["[127.0.0.1:8090]"],
    }),
    timeouts: timeouts.meta({
      description: "Overrides of the common timeouts.",
      examples: ["{ first-byte: 15m }"],
    }),
  })
  // Said to editors; the parser reports a missing key itself, so that the endpoint's other keys are still checked.
  .meta({ required: ["url", "credentials"] });

/** The keys of postern.yaml. */
export const keys = z.strictObject({
  listen: oneOrMore.optional().meta({
    description: "Where local requests arrive; loopback addresses and Unix sockets only.",
    default: ["127.0.0.1:8080", "[::1]:8080"],
    examples: ["[127.0.0.1:8080]"],
  }),
  admin: name.optional().meta({
    description: "Where health, metrics and the console answer.",
    default: "127.0.0.1:8081",
    examples: ["127.0.0.1:8081"],
  }),
  vault: name.optional().meta({
    description: "Where the vault lies.",
    default: "file:vault.age",
    examples: ["file:vault.age"],
  }),
  identity: name.optional().meta({
    description: "The age identity that opens the vault.",
    default: "file:identity.txt",
    examples: ["file:identity.txt"],
  }),
  "default-endpoint": name.optional().meta({
    description: "The endpoint for requests whose model no endpoint names.",
    examples: ["private-2"],
  }),
  endpoints: z
    .record(z.string().meta({ pattern: endpointNamePattern.source }), endpoint)
    .nullish()
    .meta({
      description: "The endpoints, by name.",
      examples: ["{ private-2: { url: …, credentials: […] } }"],
    }),
  timeouts: timeouts.meta({
    description: "How long each phase of a request may take; 0 is no limit.",
    examples: ["{ connect: 10s }"],
  }),
  limits: z
    .strictObject({
      peek: size.meta({
        description: "How far into a body its model is searched for.",
        default: "32MiB",
        examples: ["32MiB"],
      }),
    })
    .nullish()
    .meta({ description: "Bounds on what one request may use.", examples: ["{ peek: 32MiB }"] }),
  log: z
    .strictObject({
      level: z
        .enum(logLevels)
        .optional()
        .meta({ description: "The least that is logged.", default: "info", examples: ["info"] }),
    })
    .nullish()
    .meta({ description: "What is written to standard error.", examples: ["{ level: info }"] }),
});

/** The file's content, once its shape is right. */
export type Written = z.infer<typeof keys>;
export type WrittenEndpoint = z.infer<typeof endpoint>;
export type WrittenTimeouts = z.infer<typeof timeouts>;
