import { expect } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { Answering, Upstream } from "../support/upstream.ts";
import { tell, timesOf, wordsOf } from "./figures.ts";
import type { Other } from "./nginx-gateway.ts";
import { Stage } from "./serving.ts";

/** Where in a request its client leaves. */
interface Phase {
  readonly answer: Answering;
  /** Whether the client has read the beginning of an answer by then. */
  readonly begun: boolean;
  /** What the gateway calls it. */
  readonly outcome: string;
}

const phases: Readonly<Record<string, Phase>> = {
  "before headers": { answer: () => {}, begun: false, outcome: "client-wait" },
  "in mid-stream": {
    answer: (exchange) =>
      exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"),
    begun: true,
    outcome: "client-stream",
  },
};

/**
 * Has so many clients leave at once in one phase of their requests.
 *
 * @param base of a gateway whose /v1 is the upstream's
 * @returns for each, the time from its close until the upstream saw its own connection close, in ms
 */
async function leaveAtOnce(
  base: string,
  upstream: Upstream,
  { answer, begun }: Phase,
  clients: number,
): Promise<readonly number[]> {
  upstream.forget();
  upstream.answer = answer;
  const all = await Promise.all(Array.from({ length: clients }, () => connect(base)));
  for (const [number, client] of all.entries()) client.send({ target: `/v1/${number}` });
  await eventually(() => expect(upstream.exchanges).toHaveLength(clients));
  if (begun)
    await Promise.all(
      all.map(async (client) => {
        const { value } = await client.body(await client.head()).next();
        expect(String(value)).toBe("data: 1\n\n");
      }),
    );
  const closings = upstream.exchanges.map(async ({ target, closed }) => {
    await closed;
    return { number: Number(target.split("/").at(-1)), atMs: performance.now() };
  });
  const leftMs = all.map((client) => {
    const atMs = performance.now();
    client.leave();
    return atMs;
  });
  return (await Promise.all(closings)).map(({ number, atMs }) => atMs - (leftMs[number] ?? Number.NaN));
}

/**
 * Expects that every one of so many clients that leave at once, in so many rounds for each phase, ends its own request
 * to the endpoint; tells how long that takes, and how long `besides` takes for the same.
 *
 * @param besides starts another gateway to the same upstream
 */
export async function cancelsAtOnce(
  clients: number,
  rounds: number,
  besides?: (stage: Stage) => Promise<Other>,
): Promise<void> {
  await using stage = await Stage.set();
  const { upstream } = stage;
  await using serving = await stage.serve();
  await using other = await besides?.(stage);
  for (const [where, phase] of Object.entries(phases)) {
    const ours: number[] = [];
    const theirs: number[] = [];
    // In turn, so that what else the machine does concerns both.
    for (let round = 0; round < rounds; round += 1) {
      ours.push(...(await leaveAtOnce(serving.base, upstream, phase, clients)));
      if (other !== undefined) theirs.push(...(await leaveAtOnce(other.base, upstream, phase, clients)));
    }
    expect(ours).toHaveLength(clients * rounds);
    await eventually(async () => expect(await serving.metric("postern_requests_in_flight")).toBe(0));
    expect(await serving.metric("postern_requests_total", `outcome="${phase.outcome}"`)).toBe(
      clients * rounds,
    );
    const figure = `${clients} clients leave at once ${where}, ${rounds} times: ${wordsOf(timesOf(ours))}`;
    tell(other === undefined ? figure : `${figure}; ${other.name} ${wordsOf(timesOf(theirs))}`);
  }
  expect(upstream.open).toBe(0);
  const { "client-wait": waiting = 0, "client-stream": streaming = 0, ...rest } = await serving.stop();
  expect([waiting, streaming, rest]).toEqual([clients * rounds, clients * rounds, {}]);
}
