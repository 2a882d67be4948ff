import * as z from "zod";
import { KindName } from "./kind.ts";

const name = z.string().max(200).meta({ description: "The item's name in the vault." });

export const Item = z.object({
  name,
  kind: KindName,
  mask: z.string().meta({ description: "The first 4 characters of its value and asterisks." }),
  created: z.iso.datetime().meta({ description: "When it was put into the vault." }),
  changed: z.iso.datetime().meta({ description: "When it got its value or its name." }),
  expires: z.iso.datetime().optional().meta({ description: "When it stops being valid, where it does." }),
  expiry: z
    .enum(["expired", "soon", "later"])
    .optional()
    .meta({ description: "How pressing that is; soon is within 30 days." }),
  endpoints: z.array(z.string()).meta({ description: "The endpoints that use it." }),
  previousUntil: z.iso
    .datetime()
    .optional()
    .meta({ description: "Until when its previous value is kept, where there is one." }),
  renewable: z.boolean().meta({ description: "Whether a new value can be made here." }),
  waits: z
    .boolean()
    .meta({ description: "Whether it waits for the answer to its request, and cannot be used yet." }),
  source: z
    .string()
    .optional()
    .meta({ description: "Where its value comes from, where the vault does not hold it itself." }),
  downloads: z.array(z.string()).meta({ description: "The parts of it that can be downloaded." }),
  facts: z.record(z.string(), z.string()).meta({
    description:
      "What is public of it, such as a certificate's subject. In lists without texts of several lines.",
  }),
});
export type Item = z.infer<typeof Item>;

export const Items = z.object({
  generation: z.int().meta({ description: "Rises with every change of the vault." }),
  items: z.array(Item).meta({ description: "By kind in the order of the platform's menu, then by name." }),
});
export type Items = z.infer<typeof Items>;

const File = z.strictObject({
  file: z.string().max(255).meta({ description: "The file's name, for messages." }),
  base64: z.base64().meta({ description: "Its content." }),
});

export const Values = z
  .record(z.string().max(64), z.union([z.string(), File]))
  .meta({ description: "The kind's fields by name: a text, or a file." });
export type Values = z.infer<typeof Values>;

const choices = z
  .record(z.string().max(64), z.string().max(4096))
  .default({})
  .meta({ description: "What was chosen, by the names of the kind's fields for it." });

export const NewItem = z
  .discriminatedUnion("how", [
    z.strictObject({ how: z.literal("generate"), kind: KindName, name, choices }),
    z.strictObject({ how: z.literal("existing"), kind: KindName, name, values: Values }),
    z.strictObject({ how: z.literal("request"), kind: KindName, name, choices }),
  ])
  .meta({
    description: "A new one, one that is there already, or a request that a CA makes a certificate of.",
  });
export type NewItem = z.input<typeof NewItem>;

export const ItemParams = z.object({ name });

export const Renaming = z.strictObject({
  name: name.meta({ description: "The new name." }),
  endpoints: z.boolean().default(false).meta({
    description:
      "Whether the configuration's endpoints that name it are to name it so too; without it, an item that is in use is not renamed.",
  }),
});
export type Renaming = z.input<typeof Renaming>;

export const Removal = z.strictObject({
  anyway: z.stringbool().default(false).meta({
    description: "Whether it is to be removed although endpoints use it, which cannot be called then.",
  }),
});

const grace = z
  .string()
  .max(40)
  .default("24h")
  .meta({ description: "How long the old value is kept, to go back to: 30m, 24h, 7d, 0." });

export const Rotation = z
  .discriminatedUnion("how", [
    z.strictObject({ how: z.literal("generate"), grace }),
    z.strictObject({ how: z.literal("existing"), grace, values: Values }),
  ])
  .meta({ description: "A new value that is made here, or one that is given." });
export type Rotation = z.input<typeof Rotation>;

export const Completion = z.strictObject({ values: Values });
export type Completion = z.infer<typeof Completion>;

export const Revealed = z.object({ value: z.string().meta({ description: "The secret itself." }) });
export type Revealed = z.infer<typeof Revealed>;

export const Download = z.strictObject({
  part: z.string().max(64).default("file").meta({ description: "One of the kind's downloads." }),
});
export type Download = z.input<typeof Download>;

export const FileAnswer = {
  description: "The file.",
  content: { "application/octet-stream": { schema: z.string() } },
};
