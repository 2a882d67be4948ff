import { once } from "node:events";
import { type AddressInfo, connect as connectTcp, createServer } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { IdleTime } from "../../src/gateway/upstream/idle-time.ts";
import { Turn } from "../../src/gateway/turn.ts";
import { Connection } from "../../src/gateway/upstream/connection.ts";
import { PhaseTimeout } from "../../src/gateway/upstream/failure.ts";
import { connect } from "../support/client.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let place: PrivateEndpoint;
beforeAll(async () => {
  place = await startPrivateEndpoint({ endpoint: { timeouts: { idle: "1s" } } });
});
afterEach(() => place.upstream.forget());
afterAll(() => place[Symbol.asyncDispose]());

const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

test("a client of HTTP/1.0, which knows no chunks, is told of a broken answer by a reset", async () => {
  place.upstream.answer = async (exchange) => {
    await exchange.write(`${chunkedHead}5\r\nhello\r\n`);
    exchange.socket.destroy();
  };
  const socket = connectTcp(Number(new URL(place.gateway.base).port), "127.0.0.1");
  const reset = once(socket, "end");
  socket.resume().write("GET /v1/x HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
  await expect(reset).rejects.toMatchObject({ code: "ECONNRESET" });
});

test.each([
  ["an ordinary client", ""],
  ["a client of Node's server", "TE: trailers\r\n"],
])("%s gets what came of an answer in the moment before it broke off", async (_, more) => {
  place.upstream.answer = async (exchange) => {
    await exchange.write(chunkedHead);
    // In one turn of the event loop, so that all of it, and the end, is read in one.
    for (const part of ["one", "two", "three"])
      exchange.socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
    exchange.socket.end();
  };
  const client = await connect(place.gateway.base);
  client.send(`GET /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`);
  expect(await client.answer()).toMatchObject({ text: "onetwothree", cut: true });
});

test("an endpoint's silence counts again from when its answer is read on, also where it was let pass before", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const failed = Promise.withResolvers<Error>();
  const connection = new Connection(
    socket,
    new Turn(),
    new IdleTime(),
    () => {},
    () => {},
  );
  const request = { method: "GET", target: "/", headers: [], body: undefined };
  connection.carry(
    request,
    { firstByteMs: 10_000, idleMs: 50 },
    {
      uploaded: () => {},
      informational: () => {},
      flush: () => {},
      head: () => {},
      data: () => {
        connection.pause();
        setTimeout(() => connection.resume(), 500);
      },
      end: () => failed.reject(new Error("half an answer was taken for a whole one")),
      settled: () => {},
      switched: () => {},
      failed: (cause) => failed.resolve(cause),
    },
  );
  expect(await failed.promise).toBeInstanceOf(PhaseTimeout);
  server.close();
});

test("an answer in thousands of small chunks to a slow client leaves no listener behind", async () => {
  const warnings: string[] = [];
  const warn = ({ message }: Error): void => void warnings.push(message);
  process.on("warning", warn);
  place.upstream.answer = (exchange) =>
    exchange.write(`${chunkedHead}${`400\r\n${"y".repeat(1024)}\r\n`.repeat(20_000)}0\r\n\r\n`);
  const client = await connect(place.gateway.base);
  client.socket.pause();
  client.send({ target: "/v1/x" });
  // Time enough for the buffers between to fill; without it the test shows less, and passes.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await client.answer()).body.length).toBe(20_000 * 1024);
  client.leave();
  process.off("warning", warn);
  expect(warnings).toEqual([]);
});

test("an endpoint that stops reading a large request is timed out by its silence, and the error says so", async () => {
  place.upstream.reading = false;
  const client = await connect(place.gateway.base);
  client.send({ target: "/v1/x", body: Buffer.alloc(64 << 20) });
  const answer = await client.answer();
  expect(answer).toMatchObject({ status: 504 });
  expect(answer.text).toContain("fell silent for 1s while the request was sent to it");
  client.leave();
});
