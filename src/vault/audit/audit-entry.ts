import { z } from "zod";
import { jsonIn } from "../sealed/json.ts";

/** A use as it stands in the log, one a line. */
const Entry = z.object({
  /** ISO 8601, UTC. */
  at: z.iso.datetime(),
  /** Such as "vault show" or "serve". */
  command: z.string(),
  pid: z.int(),
  /** The user's number; absent where the system has none. */
  uid: z.int().optional(),
  action: z.string(),
  item: z.string().optional(),
  endpoint: z.string().optional(),
  key: z.string().optional(),
  about: z.string().optional(),
  error: z.string().optional(),
});
export type Entry = z.infer<typeof Entry>;

/** The use that a line tells of, if it does. */
export const entryIn = (line: string): Entry | undefined => Entry.safeParse(jsonIn(line)).data;

/** The uses that texts of the log tell of, and how many lines tell of none: one may be cut off by a full disk. */
export function entriesOf(texts: readonly string[]): { entries: readonly Entry[]; unreadable: number } {
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
  const entries = lines.map(entryIn).filter((entry) => entry !== undefined);
  return { entries, unreadable: lines.length - entries.length };
}
