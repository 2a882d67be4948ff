import * as z from "zod";
import { actions } from "../../../vault/audit/action.ts";

export const AuditQuery = z.strictObject({
  item: z.string().optional().meta({ description: "Only uses of this item." }),
  endpoint: z.string().optional().meta({ description: "Only uses for this endpoint." }),
  action: z.enum(actions).optional().meta({ description: "Only uses of this kind." }),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: "Only uses since then.", examples: ["2026-01-31T12:00:00Z"] }),
  failed: z.stringbool().default(false).meta({ description: "Only uses that met an error." }),
  limit: z.coerce.number().int().min(1).max(500).default(50).meta({ description: "How many, at most." }),
  before: z
    .string()
    .regex(/^[\da-z]+\.\d+$/)
    .optional()
    .meta({ description: "The place that the page before ended at: its next." }),
});

export type AuditAction = NonNullable<z.infer<typeof AuditQuery>["action"]>;

export const AuditUse = z.object({
  at: z.iso.datetime().meta({ description: "When." }),
  command: z.string().meta({ description: 'Which command did it, such as "vault show" or "serve".' }),
  pid: z.int().meta({ description: "The process." }),
  uid: z.int().optional().meta({ description: "The user's number; absent where the system has none." }),
  action: z.string().meta({ description: "What was done, such as reveal or attach." }),
  item: z.string().optional().meta({ description: "The item that was used." }),
  endpoint: z.string().optional().meta({ description: "The endpoint that it was used for." }),
  key: z.string().optional().meta({ description: "The name of the local key that asked." }),
  about: z.string().optional().meta({ description: "What else there is to it." }),
  error: z.string().optional().meta({ description: "The code of the error that it met." }),
});
export type AuditUse = z.infer<typeof AuditUse>;

export const AuditPage = z.object({
  uses: z.array(AuditUse).meta({ description: "The newest first." }),
  next: z.string().optional().meta({ description: "Where the next page begins; absent on the last one." }),
});
export type AuditPage = z.infer<typeof AuditPage>;
