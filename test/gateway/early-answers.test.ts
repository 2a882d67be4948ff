import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { bearer } from "../support/gateway.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { type Answering, startUpstream } from "../support/upstream.ts";

let place: PrivateEndpoint;
beforeAll(async () => {
  place = await startPrivateEndpoint();
});
afterEach(() => place.upstream.forget());
afterAll(() => place[Symbol.asyncDispose]());

/** Sends all of these bytes before it reads any, as simple clients do, and returns what it then reads. */
async function sendThenRead(
  head: string,
  bytes: number,
  until: string,
  { gateway }: PrivateEndpoint = place,
): Promise<string> {
  const { port } = new URL(gateway.base);
  const socket = connectTcp(Number(port), "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  socket.write(head);
  const piece = Buffer.alloc(1 << 16, "x");
  for (let left = bytes; left > 0; left -= piece.length)
    if (!socket.write(piece)) await once(socket, "drain");
  let text = "";
  for await (const chunk of socket.setEncoding("latin1") as AsyncIterable<string>) {
    text += chunk;
    if (text.includes(until)) break;
  }
  return text;
}

const head = (target: string, more: string): string =>
  `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${more}\r\n\r\n`;
const bytes = 20 << 20;

describe("a client that reads only when it has sent 20 MB", () => {
  test("reads a refusal that came after the head", async () => {
    const text = await sendThenRead(
      head("/nowhere/v1/x", `Content-Length: ${bytes}`),
      bytes,
      "endpoint_unknown",
    );
    expect(text).toMatch(/^HTTP\/1\.1 404 .*\r\nConnection: close\r\n.*endpoint_unknown/s);
  });

  test("reads an endpoint's answer that came after the head", async () => {
    place.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge");
    const text = await sendThenRead(head("/v1/x", `Content-Length: ${bytes}`), bytes, "large");
    expect(text).toMatch(/^HTTP\/1\.1 413 Too Large\r\n/);
  });

  test(
    "reads the error when the endpoint breaks off in the middle of its request",
    { repeats: 20 },
    async () => {
      place.upstream.answer = (exchange) => exchange.reset();
      const text = await sendThenRead(head("/v1/x", `Content-Length: ${bytes}`), bytes, "upstream_closed");
      expect(text).toMatch(/^HTTP\/1\.1 502 /);
    },
  );

  test("reads the error when the endpoint breaks off after everybody on the way has stopped", async () => {
    place.upstream.answer = async (exchange) => {
      exchange.socket.pause();
      await setTimeout(300);
      exchange.reset();
    };
    const text = await sendThenRead(head("/v1/x", `Content-Length: ${bytes}`), bytes, "upstream_closed");
    expect(text).toMatch(/^HTTP\/1\.1 502 /);
  });

  test("reads that its headers are too long", async () => {
    const text = await sendThenRead(
      "GET /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
      bytes,
      "request_headers_invalid",
    );
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe("an answer that an endpoint gives before it has read 20 MB, and resets its connection behind,", () => {
  const answered: Answering = async (exchange) => {
    await exchange.write("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge");
    // With bytes that nobody has read, this is a reset.
    exchange.tcp.destroy();
  };
  test.each(["private", "plain"])("reaches its client (%s)", async (name) => {
    const plain = await startUpstream();
    const others = () => ({ plain: { url: plain.origin, credentials: ["token"] } });
    const items = { token: bearer("canary-bearer-early-5b0d") };
    await using both = await startPrivateEndpoint({ others, items });
    both.upstream.answer = answered;
    plain.answer = answered;
    for (let i = 0; i < 10; i += 1) {
      const begun = head(`/${name}/v1/x`, `Content-Length: ${bytes}`);
      expect(await sendThenRead(begun, bytes, "large", both)).toMatch(/^HTTP\/1\.1 413 Too Large\r\n/);
    }
    await plain.stop();
  });
});

test("after an early answer the rest of the request is not taken for the next one", async () => {
  place.upstream.answer = (exchange) => exchange.json({ early: true });
  const client = await connect(place.gateway.base);
  client.send(head("/v1/x", "Content-Length: 5000000"));
  expect(await client.answer()).toMatchObject({ status: 200, text: '{"early":true}' });
  client.send("GET /v1/smuggled HTTP/1.1\r\n".padEnd(5_000_000, "x"));
  place.upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.json({ next: true });
  };
  client.send({ target: "/v1/next" });
  expect(await client.answer()).toMatchObject({ status: 200, text: '{"next":true}' });
  expect(place.upstream.exchanges.map(({ target }) => target)).not.toContain("/openai/v1/smuggled");
  client.leave();
});

test("a request that goes wrong while its answer streams ends the answer, and puts nothing into it", async () => {
  place.upstream.answer = (exchange) =>
    exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  const client = await connect(place.gateway.base);
  client.send(head("/v1/x", "Transfer-Encoding: chunked"));
  client.send("3\r\nabc\r\n");
  const answer = client.answer();
  await eventually(() => expect(place.upstream.exchanges).toHaveLength(1));
  await eventually(async () => expect(await place.gateway.metric("postern_requests_in_flight")).toBe(1));
  client.send("no size\r\n");
  const { text, cut } = await answer;
  expect({ text, cut }).toEqual({ text: "hello", cut: true });
});

test("an error without an unread body leaves the connection open for the next request", async () => {
  const client = await connect(place.gateway.base);
  client.send({ target: "/nowhere/v1/x" });
  expect(await client.answer()).toMatchObject({ status: 404 });
  client.send({ target: "/v1/x" });
  expect(await client.answer()).toMatchObject({ status: 200 });
  client.leave();
});
