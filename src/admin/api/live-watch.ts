import { setTimeout as pause } from "node:timers/promises";
import type { Cursor, Live } from "../sources.ts";
import { look } from "./shapes/live.ts";

/** How often is looked. */
const lookMs = 500;
/** How many looks that show nothing new go by before a sign of life. */
const quietLooks = 30;
/** How many requests an event shows at most, of those that ended and of those in flight. */
const mostShown = 200;

/**
 * What follows the traffic sees, as the text of a `text/event-stream`. It looks again only when the last event is taken,
 * so that whoever reads slowly gets what is new then, and nothing piles up.
 *
 * @param signal ends it
 */
export async function* watch(live: Live, signal: AbortSignal): AsyncGenerator<string> {
  let since: Cursor | undefined;
  let busy = false;
  let quiet = 0;
  for (;;) {
    const { cursor, ...seen } = await live.look({ since, most: mostShown });
    const news = seen.ended.length > 0 || seen.inFlightCount > 0;
    // One more where nothing is left in flight of what the event before has shown.
    if (since === undefined || news || busy) {
      const name = since === undefined ? "snapshot" : "change";
      yield `event: ${name}\ndata: ${JSON.stringify(look.encode(seen))}\n\n`;
      quiet = 0;
    } else if ((quiet += 1) % quietLooks === 0) {
      // Without an empty line: some clients take a block of nothing but a comment for an event.
      yield ": ping\n";
    }
    busy = seen.inFlightCount > 0;
    since = cursor;
    if (!(await waited(signal))) return;
  }
}

/** Whether the time went by before the signal came. */
async function waited(signal: AbortSignal): Promise<boolean> {
  try {
    await pause(lookMs, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
