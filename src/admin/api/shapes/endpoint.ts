import * as z from "zod";
import { endpointTypes } from "../../../config/config.ts";
import { writtenEndpointSchema } from "../../../config/schema.ts";
import { KindName } from "./kind.ts";

const name = z
  .string()
  .max(200)
  .meta({ description: "The endpoint's name, a part of its local path /NAME/v1." });

/** Far deeper than any key goes, and not so deep that reading it overflows the stack. */
const deepest = 20;

const isWithin = (value: unknown, levels: number): boolean =>
  typeof value !== "object" ||
  value === null ||
  (levels > 0 && Object.values(value).every((inner) => isWithin(inner, levels - 1)));

/**
 * An endpoint as the configuration file has it. What is wrong with it is said by whoever reads that file, in the same
 * words, so any JSON passes here.
 */
const written = z
  .record(z.string(), z.unknown())
  .refine((endpoint) => isWithin(endpoint, deepest), `it is nested more than ${deepest} levels deep`)
  .meta({ ...writtenEndpointSchema(), description: "The endpoint's keys, as postern.yaml has them." });

const version = z.string().meta({
  description: "The version of the endpoint that was looked at: where it has changed since, nothing is done.",
});

export const EndpointParams = z.object({ name });

export const NewEndpoint = z.strictObject({ name, endpoint: written });

export const EndpointChange = z.strictObject({
  endpoint: written.meta({
    description: "Only these keys change: null takes one out, and what is not named stays as it is.",
  }),
  version: version.optional(),
});

export const EndpointRemoval = z.strictObject({ version: version.optional() });

export const EndpointQuestion = z.strictObject({
  name,
  endpoint: written,
  existing: z.boolean().default(false).meta({
    description: "Whether this is a change of an endpoint that is there, as PUT takes it.",
  }),
});

const fault = z.object({
  key: z.string().nullable().meta({
    description: "The key at fault, or `name`; null where the fault lies elsewhere in the file.",
  }),
  message: z.string().meta({ description: "What was found, and what was wanted." }),
  hint: z.string().meta({ description: "The way out." }),
});

export const CheckedEndpoint = z.object({
  url: z.string().nullable().meta({ description: "The url as it will be used; null where it is none." }),
  problems: z.array(fault).meta({ description: "With any of these it is not taken." }),
  warnings: z.array(fault).meta({ description: "These stop nothing." }),
});
export type CheckedEndpoint = z.infer<typeof CheckedEndpoint>;

const finding = z
  .object({
    level: z.enum(["problem", "warning"]),
    item: z.string(),
    code: z.string(),
    message: z.string(),
    hint: z.string(),
  })
  .meta({ description: "What is wrong with a credential of it, or soon will be." });

const last = z
  .object({
    at: z.iso.datetime().meta({ description: "When it ended." }),
    good: z.boolean().meta({ description: "Whether it was answered whole, with a status below 400." }),
    status: z.int().optional(),
    outcome: z.string().meta({ description: "Who ended it, and in which phase." }),
    code: z.string().optional().meta({ description: "Of the error that it ended in." }),
    latencyMs: z.number().meta({ description: "Until the answer's first byte, or until its end." }),
  })
  .meta({ description: "The last request to it that has ended." });

export const Endpoint = z
  .object({
    name,
    type: z.enum(endpointTypes),
    url: z.string(),
    credentials: z.array(z.string()).meta({ description: "Names of vault items." }),
    models: z.array(z.string()).meta({ description: "The models that it serves, by its own ids." }),
    aliases: z.record(z.string(), z.string()).meta({ description: "Local name: the endpoint's own id." }),
    written,
    version,
    local: z.array(z.string()).meta({ description: "The base URLs under which this machine reaches it." }),
    default: z.boolean().meta({ description: "Whether it is the default-endpoint." }),
    usedBy: z.array(z.string()).meta({
      description: "What else in the file names it, and keeps it from being removed, such as keys.editor.",
    }),
    ready: z.boolean().meta({ description: "Whether it takes requests." }),
    refuses: z
      .object({ code: z.string(), message: z.string(), hint: z.string() })
      .nullable()
      .meta({ description: "Why it refuses requests, where it does." }),
    findings: z.array(finding),
    certificate: z
      .object({ item: z.string(), expires: z.iso.datetime(), daysLeft: z.int() })
      .nullable()
      .meta({ description: "The certificate that it is shown." }),
    last: last.nullable(),
  })
  .meta({ description: "An endpoint, as it is in force." });
export type Endpoint = z.infer<typeof Endpoint>;

export const Endpoints = z.object({
  file: z.string().meta({ description: "The configuration file." }),
  demandsKeys: z.boolean().meta({ description: "Whether applications need a local key." }),
  types: z
    .array(
      z.object({
        type: z.enum(endpointTypes),
        kinds: z.array(KindName).meta({ description: "The kinds of item that it takes." }),
        takes: z.string().meta({ description: "The same in words." }),
      }),
    )
    .meta({ description: "What each type of endpoint takes." }),
  endpoints: z.array(Endpoint),
});
export type Endpoints = z.infer<typeof Endpoints>;

/** The data of the events `step` of a test. */
export const TestStep = z.object({
  name: z.enum(["credentials", "dns", "connection", "certificate", "token", "models"]),
  ok: z.boolean(),
  text: z.string().meta({ description: "One sentence: what was seen, or what is wrong." }),
  hint: z.string().optional().meta({ description: "The way out, where the step failed." }),
  models: z
    .array(z.string())
    .readonly()
    .optional()
    .meta({ description: "What the endpoint says that it serves." }),
});
export type TestStep = z.infer<typeof TestStep>;

/** The data of the event `end`, which comes last. */
export const TestEnd = z.object({
  ok: z.boolean(),
  message: z.string().meta({ description: "One sentence: that it is ready, or why it is not." }),
  hint: z.string(),
});
export type TestEnd = z.infer<typeof TestEnd>;

export const TestEvents = {
  description:
    'An event "step" for each step as it is done (name, ok, text, hint, models), then one "end" (ok, message, hint).',
  content: { "text/event-stream": { schema: z.any() } },
};
