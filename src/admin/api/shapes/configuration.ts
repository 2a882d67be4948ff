import * as z from "zod";

export const Fault = z
  .object({
    line: z.int().meta({ description: "The line of the file, from 1." }),
    column: z.int().meta({ description: "The column, from 1." }),
    message: z.string().meta({ description: "The key, what was found, and what was wanted." }),
    hint: z.string().meta({ description: "The way out." }),
  })
  .meta({ description: "A problem of the configuration file." });
export type Fault = z.infer<typeof Fault>;

export const Configuration = z.object({
  file: z.string().meta({ description: "The configuration file's absolute path." }),
  text: z.string().meta({
    description:
      "The file as it lies there now. Where a problem hides its place, for a secret may have been written there by mistake, so does the text.",
  }),
  problems: z.array(Fault).meta({ description: "All problems of the file as it lies there now." }),
  inForce: z.boolean().meta({ description: "Whether the file as it lies there now is in force." }),
  since: z.iso.datetime().meta({ description: "When the configuration that is in force was put there." }),
  needsRestart: z
    .array(z.string())
    .meta({ description: "The keys that say something else than at the start, and wait for a restart." }),
});
export type Configuration = z.infer<typeof Configuration>;

const Reload = z.object({
  at: z.iso.datetime().meta({ description: "When." }),
  what: z.enum(["configuration", "vault"]).meta({ description: "What had changed." }),
  outcome: z.enum(["applied", "in part", "refused"]).meta({
    description:
      '"in part": some workers have not all of it yet, or the vault could not be read; it is tried again. When it was refused, the last good state stays in force.',
  }),
  error: z
    .object({ code: z.string(), message: z.string(), hint: z.string() })
    .optional()
    .meta({ description: "What stood in its way; absent where it was applied." }),
});

export const Reloads = z.object({
  reloads: z.array(Reload).meta({ description: "The last 50, the newest first." }),
});
export type Reloads = z.infer<typeof Reloads>;
