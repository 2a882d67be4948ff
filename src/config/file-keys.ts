import * as z from "zod";
import { choosings, endpointTypes } from "./config.ts";
import { durationPattern, percentPattern, sizePattern } from "./quantities.ts";
import { workersSchema } from "./workers.ts";

// The shape of postern.yaml: which keys there are, and whether each holds text, a list or a map. What a value must
// say beyond its shape is read in parse.ts. The JSON Schema for editors is made from this file (schema.ts). It is long
// because every key stands here, with the words that editors show.

/** As the vault names its items, and the file its local keys. */
export const itemNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

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

const phases = z.strictObject({
  connect: duration.meta({ description: "DNS, TCP and TLS together.", examples: ["10s"] }),
  "first-byte": duration.meta({
    description: "From the request's last byte to the answer's first; minutes, for deployments that wake up.",
    examples: ["10m"],
  }),
  idle: duration.meta({ description: "Silence within an answer.", examples: ["5m"] }),
});
const timeouts = phases.nullish();

const probe = z
  .strictObject({
    path: name.optional().meta({
      description: "A path of the endpoint's origin that answers 2xx while all is well.",
      examples: ["/health"],
    }),
    every: duration.meta({ description: "How often it is asked.", default: "10s", examples: ["10s"] }),
  })
  .nullish();

const model = z.strictObject({
  choose: z
    .enum(choosings)
    .optional()
    .meta({
      description: "Which endpoint is asked first.",
      default: "in-order",
      examples: ["least-in-flight"],
    }),
  weights: z
    .record(z.string().min(1), z.number())
    .nullish()
    .meta({
      description: "With choose: weighted, how often each endpoint is the first; 1 where it is not named.",
      examples: ["{ private-2: 3, private-3: 1 }"],
    }),
});

export const endpoint = z
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
    probe: probe.meta({
      description: "Asks it from time to time whether all is well; while it is not, others are asked first.",
      examples: ["{ path: /health, every: 10s }"],
    }),
    cache: z
      .strictObject({
        size: size.meta({
          description: "The memory for its answers; the least recently used go first.",
          default: "64MiB",
          examples: ["64MiB"],
        }),
        ttl: duration.meta({
          description: "How long an answer may be given again.",
          default: "1h",
          examples: ["1h"],
        }),
        shared: z
          .boolean()
          .optional()
          .meta({
            description: "Whether requests with different local keys get each other's answers.",
            default: false,
            examples: ["true"],
          }),
      })
      .nullish()
      .meta({
        description: "Keeps answers to embeddings and deterministic requests in memory; without it, none.",
        examples: ["{ size: 64MiB, ttl: 1h }"],
      }),
  })
  // Said to editors; the parser reports a missing key itself, so that the endpoint's other keys are still checked.
  .meta({ required: ["url", "credentials"] });

const count = z.number().optional();

/**
 * What a key that is left out allows. One that is left empty is refused: a list whose lines are all comments was not
 * written to allow everything.
 */
export const leftOut = z.registry<{ readonly allows: string }>();

const localKey = z
  .strictObject({
    hash: name.optional().meta({
      description: "sha256: and the SHA-256 of the key, in hexadecimal; postern key add writes it.",
      examples: ["sha256:9f86d081…"],
    }),
    endpoints: oneOrMore
      .optional()
      .meta({
        description: "The endpoints that it may use; without this key, all of them.",
        examples: ["[private-2]"],
      })
      .register(leftOut, { allows: "all endpoints" }),
    models: oneOrMore
      .optional()
      .meta({
        description: "The models that it may name, as requests name them; without this key, all of them.",
        examples: ["[meta-llama/Llama-3.2-3B-Instruct]"],
      })
      .register(leftOut, { allows: "all models" }),
    limits: z
      .strictObject({
        "requests-per-minute": count.meta({
          description: "Requests in a minute; as many may come at once.",
          examples: ["60"],
        }),
        "tokens-per-minute": count.meta({
          description: "Tokens in a minute, of prompts and answers together.",
          examples: ["100000"],
        }),
        concurrency: count.meta({ description: "Requests in flight at once.", examples: ["4"] }),
      })
      .optional()
      .meta({
        description: "How much it may use; without this key, as much as it wants.",
        examples: ["{ requests-per-minute: 60 }"],
      })
      .register(leftOut, { allows: "any number of requests" }),
  })
  .meta({ required: ["hash"] });

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
  keys: z
    .record(z.string().meta({ pattern: itemNamePattern.source }), localKey)
    .nullish()
    .meta({
      description: "The local keys of applications, by name; with this key every request needs one of them.",
      examples: ["{ editor: { hash: sha256:… } }"],
    }),
  "allow-origins": oneOrMore.nullish().meta({
    description: "Origins of web pages that may send requests: scheme, host and port.",
    examples: ["[http://localhost:3000]"],
  }),
  "allow-hosts": oneOrMore.nullish().meta({
    description: "Names by which clients call the listeners, beside the listeners' own addresses.",
    examples: ["[host.docker.internal]"],
  }),
  "unsafe-listen-beyond-loopback": z
    .boolean()
    .optional()
    .meta({
      description: "Whether listen may name addresses that other machines can reach; asks for local keys.",
      default: false,
      examples: ["false"],
    }),
  workers: z
    .unknown()
    .optional()
    .meta({
      ...workersSchema,
      description: "How many processes serve requests: a number, or auto for one per core.",
      default: 1,
      examples: ["auto"],
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
  "admin-token": name.optional().meta({
    description: "The file with the token for the API of the admin listener; it is made where it is missing.",
    default: "file:admin-token",
    examples: ["file:admin-token"],
  }),
  passphrase: name.optional().meta({
    description:
      "Where the passphrase of an identity that is itself encrypted comes from; never the passphrase.",
    default: "prompt",
    examples: ["file:passphrase.txt"],
  }),
  renew: oneOrMore.nullish().meta({
    description: "Certificates, generated here, that a running gateway renews at two thirds of their life.",
    examples: ["[gen-cert]"],
  }),
  audit: z
    .strictObject({
      to: name.optional().meta({
        description: "The file that the uses of the vault are recorded in, or off.",
        default: "file:audit.log",
        examples: ["file:audit.log"],
      }),
      size: size.meta({
        description: "The size at which a file is put away and a new one begun.",
        default: "10MiB",
        examples: ["10MiB"],
      }),
      keep: z
        .number()
        .optional()
        .meta({ description: "How many files that were put away are kept.", default: 5, examples: ["5"] }),
    })
    .nullish()
    .meta({ description: "The record of the vault's use.", examples: ["{ to: file:audit.log }"] }),
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
  models: z
    .record(z.string().min(1), model)
    .nullish()
    .meta({
      description: "How the endpoints that serve one model share its requests, by the model's name.",
      examples: ["{ meta-llama/Llama-3.2-3B-Instruct: { choose: least-in-flight } }"],
    }),
  retries: z
    .strictObject({
      attempts: z
        .number()
        .optional()
        .meta({
          description: "How many times one request is sent at most; 1 is no retry.",
          default: 3,
          examples: ["3"],
        }),
      budget: z
        .union([z.string().meta({ pattern: percentPattern }), z.number().meta({ const: 0 })])
        .optional()
        .meta({ description: "Retries, as a share of all requests.", default: "20%", examples: ["20%"] }),
      "most-wait": duration.meta({
        description: "How long a request may wait for endpoints that have asked for a pause.",
        default: "5s",
        examples: ["5s"],
      }),
    })
    .nullish()
    .meta({
      description: "When several endpoints serve a model: how often a request is sent again.",
      examples: ["{ attempts: 3 }"],
    }),
  ejection: z
    .strictObject({
      after: z
        .number()
        .optional()
        .meta({
          description: "How many failures in a row make an endpoint the last one to be asked; 0 is never.",
          default: 5,
          examples: ["5"],
        }),
      for: duration.meta({
        description: "For how long, the first time.",
        default: "30s",
        examples: ["30s"],
      }),
    })
    .nullish()
    .meta({
      description: "When several endpoints serve a model: how long one that fails is asked last.",
      examples: ["{ after: 5, for: 30s }"],
    }),
  timeouts: phases
    .extend({
      drain: duration.meta({
        description:
          "How long a stop of the gateway lets requests in flight go on before it breaks them off.",
        default: "30s",
        examples: ["30s"],
      }),
    })
    .nullish()
    .meta({
      description: "How long each phase of a request may take, and a stop of the gateway; 0 is no limit.",
      examples: ["{ connect: 10s }"],
    }),
  limits: z
    .strictObject({
      peek: size.meta({
        description: "How far into a body its model is searched for.",
        default: "32MiB",
        examples: ["32MiB"],
      }),
      body: size.meta({
        description: "Of a request's body; 0 is no limit.",
        default: "1GiB",
        examples: ["1GiB"],
      }),
      connections: count.meta({
        description: "Connections of local clients that one process keeps open.",
        default: 4096,
        examples: ["4096"],
      }),
    })
    .nullish()
    .meta({ description: "Bounds on what requests and clients may use.", examples: ["{ peek: 32MiB }"] }),
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
export type WrittenProbe = z.infer<typeof probe>;
