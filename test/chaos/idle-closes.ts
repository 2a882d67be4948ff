import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expect } from "vitest";
import { connect } from "../support/client.ts";
import { startPrivateEndpoint } from "../support/private-endpoint.ts";
import { randomOf } from "../support/shapes.ts";
import type { Exchange } from "../support/upstream.ts";

const clients = 16;
const closesWithinMs = 20;

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

/** What requests send: a small document or nothing, now and then the prompt of a coding agent, seldom a picture. */
function bodyOf(number: number): string {
  if (number % 2 === 0) return "";
  const bytes = number % 99 === 0 ? 1_000_000 : number % 9 === 0 ? 100_000 : 15;
  return `{"n":${number}}`.padEnd(bytes);
}

/**
 * Sends so many requests to an endpoint that closes each connection at a random moment up to 20 ms after an answer,
 * unless the next request has arrived by then; with bodies of all sizes that come with their length, over connections
 * that the clients keep, each after a pause as random as that. Expects that every one gets its own whole answer.
 */
export async function survivesIdleCloses(requests: number): Promise<void> {
  const random = randomOf(7);
  await using it = await startPrivateEndpoint();
  const { upstream, gateway } = it;
  const latest = new WeakMap<object, Exchange>();
  upstream.answer = async (exchange) => {
    latest.set(exchange.socket, exchange);
    await exchange.json({ target: exchange.target, body: sha256(await exchange.body) });
    if (upstream.exchanges.length > 100) upstream.exchanges = [];
    await setTimeout(random() * closesWithinMs);
    if (latest.get(exchange.socket) === exchange) exchange.tcp.destroy();
  };

  const errors: string[] = [];
  let sent = 0;
  const work = async (): Promise<void> => {
    const client = await connect(gateway.base);
    while (sent < requests) {
      sent += 1;
      const target = `/x/${sent}`;
      const body = bodyOf(sent);
      client.send({ target: `/v1${target}`, ...(body !== "" && { body }) });
      const { status, text, cut } = await client.answer();
      if (
        status !== 200 ||
        cut ||
        text !== JSON.stringify({ target: `/openai/v1${target}`, body: sha256(body) })
      )
        errors.push(`${status} ${text}`);
      await setTimeout(random() * closesWithinMs);
    }
    client.leave();
  };
  await Promise.all(Array.from({ length: clients }, work));

  expect(errors).toEqual([]);
  // Else nothing was shown: each close that met the pool made it open another connection.
  expect(upstream.connections).toBeGreaterThan(clients);
  const ends = await gateway.ended(requests);
  expect(ends.filter(({ outcome, status }) => outcome !== "done" || status !== 200)).toEqual([]);
  expect(ends).toHaveLength(requests);
}
