import { setImmediate } from "node:timers/promises";
import type { Client } from "../support/client.ts";
import type { Exchange } from "../support/upstream.ts";

/** One of many requests. Resolves with what went wrong, or with nothing. */
export type Visit = (client: Client, number: number) => Promise<string | undefined>;

const eventsEach = 20;
const event = (target: string, number: number): string => `data: ${target} ${number}\n\n`;
const json = "Content-Type: application/json";

/** Sends a body, and expects the endpoint to tell how long it was. */
const sends =
  (body: string, length: number, headers: readonly string[] = []): Visit =>
  async (client, number) => {
    const target = `/v1/${number}`;
    client.send({ method: "POST", target, headers: [json, ...headers], body });
    const { status, text } = await client.answer();
    return status === 200 && text === JSON.stringify({ target, length }) ? undefined : `${status} ${text}`;
  };

const expects =
  (status: number, target: string, headers: readonly string[] = []): Visit =>
  async (client) => {
    client.send({ target, headers });
    const answer = await client.answer();
    return answer.status === status ? undefined : `${answer.status} ${answer.text}`;
  };

const ordinary = sends('{"messages":[]}', 15);
const large = "x".repeat(200_000);

/** By their place among a hundred, those that are not ordinary: whatever could leave something behind. */
const unusual: Readonly<Record<number, Visit>> = {
  7: async (client, number) => {
    client.send({ target: `/v1/silence/${number}` });
    await setImmediate();
    client.leave();
    return undefined;
  },
  19: expects(502, "/v1/reset"),
  31: expects(403, "/v1/x", ["Origin: http://evil.test"]),
  43: sends("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 11, ["Transfer-Encoding: chunked"]),
  59: sends(large, large.length),
  71: expects(404, "/nosuch/v1/x"),
  83: expects(400, "/v1/../x"),
};

/** One request, of which seven in a hundred are unusual. */
export const request: Visit = (client, number) => (unusual[number % 100] ?? ordinary)(client, number);

/** A stream that is read to its end, and of which one in ten is left in the middle. */
export const stream: Visit = async (client, number) => {
  const target = `/v1/stream/${number}`;
  client.send({ target });
  const head = await client.head();
  let text = "";
  for await (const piece of client.body(head)) {
    text += piece.toString();
    if (number % 10 === 7) {
      client.leave();
      return undefined;
    }
  }
  const whole = Array.from({ length: eventsEach }, (_, index) => event(target, index)).join("");
  return text === whole ? undefined : `${head.start} ${text}`;
};

/** The endpoint that they all go to. */
export async function answerVisit(exchange: Exchange): Promise<void> {
  const { target } = exchange;
  if (target.includes("/silence/")) return;
  if (target.endsWith("/reset")) exchange.reset();
  else if (target.includes("/stream/")) await answerStream(exchange);
  else {
    const { length } = await exchange.body;
    await exchange.json({ target, length });
  }
}

async function answerStream(exchange: Exchange): Promise<void> {
  const { target, socket, closed } = exchange;
  const write = (text: string) => Promise.race([exchange.write(text), closed]);
  await write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let number = 0; number < eventsEach && !socket.destroyed; number += 1) {
    const text = event(target, number);
    await write(`${text.length.toString(16)}\r\n${text}\r\n`);
    await setImmediate();
  }
  await write("0\r\n\r\n");
}
