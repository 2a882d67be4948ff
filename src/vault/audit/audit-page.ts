import { setImmediate } from "node:timers/promises";
import { type Choice, choosing } from "./audit-choice.ts";
import { type Entry, entryIn } from "./audit-entry.ts";
import { readParts } from "./audit-file.ts";

interface Log {
  readonly file: string;
  readonly keep: number;
}

/** Some uses of the vault, the newest first. */
export interface Page {
  readonly entries: readonly Entry[];
  /** The place that the next page begins before; undefined after the last one. */
  readonly next: string | undefined;
}

/** After so many lines, others get their turn: a long log must not hold up a gateway of the same process. */
const linesAtOnce = 1000;

/**
 * The newest `limit` uses that are wanted, before the place `before`. A place is a file of the log and a line in it, so
 * that what is recorded meanwhile moves nothing. One that was put away for good is followed by nothing.
 */
export async function auditPage(
  log: Log,
  choice: Choice,
  { limit, before }: { readonly limit: number; readonly before?: string | undefined },
): Promise<Page> {
  const wanted = choosing(choice);
  const entries: Entry[] = [];
  let last: string | undefined;
  for await (const { line, place } of newestFirst(log, before)) {
    const entry = entryIn(line);
    if (entry === undefined || !wanted(entry)) continue;
    if (entries.length === limit) return { entries, next: last };
    entries.push(entry);
    last = place;
  }
  return { entries, next: undefined };
}

async function* newestFirst({ file, keep }: Log, before: string | undefined) {
  const [from, until] = before?.split(".", 2) ?? [];
  let reached = from === undefined;
  let seen = 0;
  for (const { id, text } of readParts(file, keep)) {
    if (!reached && id !== from) continue;
    const lines = text.split("\n");
    const end = reached ? lines.length : Math.min(Number(until), lines.length);
    reached = true;
    for (let index = end - 1; index >= 0; index -= 1) {
      seen += 1;
      if (seen % linesAtOnce === 0) await setImmediate();
      yield { line: lines[index] ?? "", place: `${id}.${index}` };
    }
  }
}
