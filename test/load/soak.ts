import { expect } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { tell } from "./figures.ts";
import { type Resources, resourcesOf } from "./resources.ts";
import { type Serving, Stage } from "./serving.ts";
import { answerVisit, request, stream, type Visit } from "./visits.ts";

/** How much is sent. */
export interface Amount {
  readonly requests: number;
  readonly streams: number;
}

const requestsAtOnce = 32;
const streamsAtOnce = 100;
/** Sent before it counts: until then code is compiled, and the heap grows to what such a load needs. */
const warming: Amount = { requests: 5_000, streams: 200 };
/** In how many parts it is sent, with a look at the memory behind each. */
const parts = 10;
const MB = 1_000_000;

/**
 * V8 lets a heap grow as long as there is memory, and that says nothing: this one is kept so small that it soon holds
 * no more than it needs.
 */
const smallHeap = "--max-semi-space-size=2 --max-old-space-size=96";

/** More than a small heap breathes, and more with time; a leak of 100 bytes a request is 50 MB in 500,000. */
const growthBytes = (requests: number): number => 20 * MB + 40 * requests;

/** Sends so many, each client one after the other over a connection that it keeps while it can. */
async function send(base: string, visit: Visit, count: number, atOnce: number): Promise<void> {
  let sent = 0;
  const work = async (): Promise<void> => {
    let client = await connect(base);
    while (sent < count) {
      sent += 1;
      if (client.socket.destroyed || client.socket.readableEnded) client = await connect(base);
      const wrong = await visit(client, sent);
      if (wrong !== undefined) throw new Error(wrong);
    }
    client.leave();
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/**
 * Sends so many requests and streams, ordinary and unusual, to `postern serve`. Expects that every answer is right, and
 * that memory, descriptors, listeners and threads return to where they were before.
 */
export async function leavesNothingBehind({ requests, streams }: Amount): Promise<void> {
  await using stage = await Stage.set();
  const { upstream } = stage;
  await using serving = await stage.serve(undefined, { NODE_OPTIONS: smallHeap });
  let said = "";
  upstream.answer = (exchange) => {
    upstream.exchanges = [];
    return answerVisit(exchange);
  };
  /** Sends so much, and looks when nothing of that is left under way. */
  const after = async (amount: Amount): Promise<Resources> => {
    await send(serving.base, request, amount.requests, requestsAtOnce);
    await send(serving.base, stream, amount.streams, streamsAtOnce);
    said += serving.takeLog();
    said = said.replaceAll(/^\{.*\}\n/gm, "");
    return settled(serving, () => upstream.hangUp());
  };

  const fresh = await settled(serving, () => {});
  const seen = [await after(warming)];
  for (let part = 0; part < parts; part += 1)
    seen.push(await after({ requests: requests / parts, streams: streams / parts }));
  const [first = fresh] = seen;
  const last = seen.at(-1) ?? fresh;
  tell(
    `${requests} requests and ${streams} streams: resident MB ${seen.map(({ rssBytes }) => Math.round(rssBytes / MB)).join(" ")}` +
      ` (fresh ${Math.round(fresh.rssBytes / MB)}); descriptors ${fresh.descriptors} and ${last.descriptors}`,
  );
  const { descriptors, sockets, listeners } = fresh;
  expect(last).toMatchObject({ descriptors, sockets, listeners, threads: first.threads });
  expect(last.rssBytes - first.rssBytes).toBeLessThan(growthBytes(requests));
  // Such as Node's warning of too many listeners.
  expect(said).toBe("");
}

/** What the gateway holds when all has ended and no connection is left. */
async function settled(serving: Serving, hangUp: () => void): Promise<Resources> {
  await eventually(async () => expect(await serving.metric("postern_requests_in_flight")).toBe(0));
  hangUp();
  await eventually(async () => expect(await serving.metric("postern_upstream_connections")).toBe(0));
  let before = resourcesOf(serving.pid);
  return eventually(() => {
    const now = resourcesOf(serving.pid);
    const same = now.descriptors === before.descriptors;
    before = now;
    if (!same) throw new Error("it still closes connections");
    return now;
  });
}
