import * as z from "zod";
import { kindNames } from "../../../vault/item.ts";

export const KindName = z.enum(kindNames).meta({ description: "The kind of item." });

export const Field = z.object({
  name: z.string().meta({ description: "What its value is called in a request." }),
  label: z.string().meta({ description: "What it is called in a form." }),
  help: z.string().meta({ description: "What is wanted, in a line." }),
  secret: z.boolean().meta({ description: "Whether it is to be hidden." }),
  required: z.boolean().meta({ description: "Whether there is no item without it." }),
  multiline: z.boolean().meta({ description: "Whether it may have several lines, as a file has." }),
  binary: z.boolean().meta({ description: "Whether it may be a binary file." }),
  options: z.array(z.string()).meta({
    description:
      "All that it may be, the default first; a switch where there is but one, and any text where there is none.",
  }),
});
export type Field = z.infer<typeof Field>;

export const Kind = z.object({
  name: KindName,
  title: z.string().meta({ description: "As the platform writes it." }),
  plural: z.string().meta({ description: "The entry of the platform's menu." }),
  summary: z.string().meta({ description: "What its items are for." }),
  fields: z
    .array(Field)
    .meta({ description: "What is given for an existing one; the first secret one is the main value." }),
  generates: z.boolean().meta({ description: "Whether a new one can be made here." }),
  choices: z.array(Field).meta({ description: "What may be chosen for a new one; each has a default." }),
  requests: z.boolean().meta({ description: "Whether one can be had by a request that a CA signs." }),
  request: z.array(Field).meta({ description: "What may be said of such a request; each has a default." }),
  downloads: z
    .array(
      z.object({
        part: z.string().meta({ description: "What it is called in a request." }),
        title: z.string().meta({ description: "What a menu calls it." }),
        help: z.string().meta({ description: "What it holds." }),
        secret: z.boolean().meta({ description: "Whether it holds what is secret." }),
      }),
    )
    .meta({ description: "The files that can be had of its items." }),
});
export type Kind = z.infer<typeof Kind>;

export const Kinds = z.object({
  kinds: z.array(Kind).meta({ description: "In the order of the platform's own menu." }),
});
export type Kinds = z.infer<typeof Kinds>;
