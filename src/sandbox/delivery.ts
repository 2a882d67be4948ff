import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, failure } from "./answer.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Arrived } from "./record.ts";

/**
 * Sends an answer in the manner that was asked for, no faster than the client reads, and says how it ended.
 * `gone` aborts when the connection is over: every wait ends then.
 */
export async function deliver(
  answer: Answer,
  behaviour: Behaviour,
  to: ServerResponse,
  gone: AbortSignal,
): Promise<NonNullable<Arrived["ended"]>> {
  try {
    if (behaviour.hang) await forever(gone);
    if (behaviour.delayMs > 0) await sleep(behaviour.delayMs, undefined, { signal: gone });
    gone.throwIfAborted();
    const sent = behaviour.fail === undefined ? answer : failure(behaviour.fail);
    const whole =
      "events" in sent
        ? await sendEvents(sent.events, behaviour, to, gone)
        : await sendDocument(sent, behaviour, to);
    if (!whole) {
      to.destroy();
      return "broken";
    }
    const finished = once(to, "finish", { signal: gone });
    to.end();
    await finished;
    return "complete";
  } catch (error) {
    if (gone.aborted) return "client-left";
    throw error;
  }
}

/** Returns whether all of it was sent. */
async function sendEvents(
  events: Iterable<string>,
  { breakAfter, paceMs }: Behaviour,
  to: ServerResponse,
  gone: AbortSignal,
): Promise<boolean> {
  to.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  to.flushHeaders();
  let sent = 0;
  for (const event of events) {
    if (sent === breakAfter) break;
    if (sent > 0 && paceMs > 0) await sleep(paceMs, undefined, { signal: gone });
    if (!to.write(event)) await once(to, "drain", { signal: gone });
    sent += 1;
  }
  if (sent !== breakAfter) return true;
  await written(to);
  return false;
}

async function sendDocument(
  { status, headers, body }: Exclude<Answer, { events: unknown }>,
  { breakAfter }: Behaviour,
  to: ServerResponse,
): Promise<boolean> {
  const bytes = Buffer.from(body);
  to.writeHead(status, { ...headers, "content-length": bytes.length });
  if (breakAfter === undefined) {
    to.write(bytes);
    return true;
  }
  to.write(bytes.subarray(0, bytes.length / 2));
  await written(to);
  return false;
}

/** Waits until what was written has left this process: a connection that is destroyed before that loses it. */
const written = (to: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    // The socket calls back in order, or with an error when the client has left.
    if (to.socket === null) resolve();
    else to.socket.write("", () => resolve());
  });

const forever = async (gone: AbortSignal): Promise<void> => {
  if (!gone.aborted) await once(gone, "abort");
  gone.throwIfAborted();
};
