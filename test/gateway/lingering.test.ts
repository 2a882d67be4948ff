import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ask, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { bringing, hashOf, makeKeys } from "./local-keys.ts";

// So long, but in one test, that only what ends without it passes.
const long = 600_000;
const given = vi.hoisted(() => ({ lingerMs: 600_000, lingerBytes: 4 << 20 }));
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: Object.setPrototypeOf(given, limits) as typeof limits };
});

let place: PrivateEndpoint;
beforeAll(async () => {
  place = await startPrivateEndpoint({ settings: { limits: { body: "256KiB", connections: 64 } } });
});
afterEach(() => {
  place.upstream.forget();
  given.lingerMs = long;
});
afterAll(() => place[Symbol.asyncDispose]());

const json = "Content-Type: application/json";
const head = (line: string, ...headers: readonly string[]): string =>
  [`${line} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "", ""].join("\r\n");
const behind = head("GET /v1/behind").repeat(400);
const body = "x".repeat(50_000);

/** A connection whose side of ours stays open when the other side has closed its own. */
async function open(base: string): Promise<Socket> {
  const socket = connectTcp({ port: Number(new URL(base).port), host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  // Told by who reads or writes.
  return socket.on("error", () => {});
}

/** Sends these packets, one after the other, before it reads what is answered until the other side has closed. */
async function sendThenRead(base: string, packets: readonly string[]): Promise<string> {
  const socket = await open(base);
  for (const packet of packets) {
    socket.write(packet);
    await new Promise((resolve) => setImmediate(resolve));
  }
  let text = "";
  try {
    for await (const chunk of socket.setEncoding("latin1") as AsyncIterable<string>) text += chunk;
  } catch (error) {
    text += ` (${(error as NodeJS.ErrnoException).code})`;
  }
  socket.destroy();
  return text;
}

const upgrade = head("GET /nowhere/v1/realtime", "Connection: Upgrade", "Upgrade: websocket");

const refusals: Record<string, readonly [code: string, ...packets: readonly string[]]> = {
  "a refused POST": [
    "endpoint_unknown",
    head("POST /nowhere/v1/x", json, "Content-Length: 100000"),
    body,
    body,
  ],
  "a refused POST in chunks": [
    "endpoint_unknown",
    head("POST /nowhere/v1/x", json, "Transfer-Encoding: chunked"),
    `${body.length.toString(16)}\r\n${body}\r\n`,
    "0\r\n\r\n",
  ],
  "a body that is too large": ["body_too_large", head("POST /v1/x", json, "Content-Length: 262145"), body],
  "a head that is none": ["request_headers_invalid", "GET /v1/x HTTP/1.1\r\nno header\r\n"],
  "a body that is none": [
    "request_headers_invalid",
    head("POST /v1/x", json, "Transfer-Encoding: chunked"),
    "no size\r\n",
  ],
  "a refused upgrade": ["endpoint_unknown", upgrade],
  "a refusal that the client wants to be the last": [
    "endpoint_unknown",
    head("GET /nowhere/v1/x", "Connection: close"),
  ],
};

describe("a client that has sent much more reads the whole answer, and no reset", () => {
  const times = async (base: string, packets: readonly string[]): Promise<readonly string[]> => {
    const texts: string[] = [];
    for (let round = 0; round < 25; round += 1)
      texts.push(
        ...(await Promise.all(
          Array.from({ length: 8 }, () => sendThenRead(base, [...packets, behind, behind, behind])),
        )),
      );
    return texts;
  };
  for (const [name, [code, ...packets]] of Object.entries(refusals))
    test(`behind ${name}`, async () => {
      for (const text of await times(place.gateway.base, packets))
        expect(text).toMatch(new RegExp(`^HTTP/1\\.1 4\\d\\d .*"code":"${code}"\\}\\}$`, "s"));
    });
  for (const [name, code, ...packets] of [
    [
      "a body that is too large",
      "api_body_too_large",
      head("POST /api/v1/session", json, "Content-Length: 2000000"),
    ],
    ["a head that is none", "request_headers_invalid", "GET /healthz HTTP/1.1\r\nno header\r\n"],
  ] as const)
    test(`behind ${name}, on the admin listener`, async () => {
      for (const text of await times(place.gateway.app.admin, packets))
        expect(text).toMatch(new RegExp(`^HTTP/1\\.1 4\\d\\d .*"code":"${code}"\\}\\}$`, "s"));
    });
});

const websocket = head("GET /v1/realtime", "Connection: Upgrade", "Upgrade: websocket");
const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** A connection that was refused, and whose client neither sends nor closes its side. */
async function refused(base: string): Promise<Socket> {
  const socket = await open(base);
  socket.write(head("POST /nowhere/v1/x", json, "Content-Length: 100000"));
  await once(socket.resume(), "end");
  return socket;
}

test("a client that sends on reads the last words of the endpoint of a WebSocket", async () => {
  place.upstream.answer = async ({ socket }) => {
    socket.removeAllListeners("data").resume();
    socket.write(switching);
    await once(socket, "data");
    socket.end("last words");
  };
  for (let round = 0; round < 50; round += 1) {
    const socket = await open(place.gateway.base);
    socket.write(websocket);
    await once(socket, "readable");
    const sending = setInterval(() => socket.write(body), 0);
    let text = "";
    for await (const chunk of socket.setEncoding("latin1") as AsyncIterable<string>) text += chunk;
    clearInterval(sending);
    socket.destroy();
    expect(text).toMatch(/^HTTP\/1\.1 101 .*last words$/s);
  }
});

test("a WebSocket whose endpoint has closed is over though its client stays, and its key has its place again", async () => {
  const keys = makeKeys("one");
  await using own = await startPrivateEndpoint({
    settings: { keys: { one: { hash: hashOf(keys.one), limits: { concurrency: 1 } } } },
  });
  own.upstream.answer = ({ socket }) => {
    socket.removeAllListeners("data").resume().end(`${switching}last words`);
  };
  const socket = await open(own.gateway.base);
  socket.write(websocket.replace("\r\n\r\n", `\r\n${bringing(keys.one).join("\r\n")}\r\n\r\n`));
  let text = "";
  socket.setEncoding("latin1").on("data", (part: string) => (text += part));
  await once(socket, "end");
  expect(text).toMatch(/^HTTP\/1\.1 101 .*last words$/s);
  expect(await own.gateway.ended(1)).toMatchObject([{ outcome: "done", status: 101 }]);
  expect(await own.gateway.metric("postern_requests_in_flight")).toBe(0);
  own.upstream.forget();
  const answer = await own.gateway.ask({ target: "/v1/x", headers: bringing(keys.one) });
  expect(answer.status).toBe(200);
  expect(socket.writable).toBe(true);
  socket.destroy();
});

test("what is thrown away behind an answer has a bound", async () => {
  const socket = await refused(place.gateway.base);
  let sent = 0;
  for (const piece = Buffer.alloc(1 << 16); !socket.destroyed; sent += piece.length)
    if (!socket.write(piece))
      await new Promise<void>((resolve) => socket.once("drain", resolve).once("close", resolve));
  expect(sent).toBeGreaterThan(given.lingerBytes);
});

test("a client that does not close its side is cut off after a while", async () => {
  given.lingerMs = 100;
  const socket = await refused(place.gateway.base);
  // What is written to a connection that is no more tells of it.
  await eventually(() => {
    socket.write("x");
    expect(socket.destroyed).toBe(true);
  });
});

test("connections that only wait for their clients to close give way to new ones", async () => {
  const waiting: Socket[] = [];
  for (let count = 0; count < 64; count += 1) waiting.push(await refused(place.gateway.base));
  await eventually(async () => expect((await ask(place.gateway.base, { target: "/v1/x" })).status).toBe(200));
  for (const socket of waiting) socket.destroy();
});

test("connections to the admin listener that only wait for their clients to close give way to new ones", async () => {
  const waiting: Socket[] = [];
  for (let count = 0; count < 64; count += 1) {
    const socket = await open(place.gateway.app.admin);
    socket.write(`${head("POST /api/v1/session", json, "Transfer-Encoding: chunked")}no size\r\n`);
    await once(socket.resume(), "end");
    waiting.push(socket);
  }
  await eventually(async () => expect((await place.gateway.admin("/readyz")).status).toBe(200));
  for (const socket of waiting) socket.destroy();
});

test("a broken body ends the endpoint's request though the client stays", async () => {
  const arrival = place.upstream.next();
  const socket = await open(place.gateway.base);
  socket.write(head("POST /v1/x", json, "Transfer-Encoding: chunked"));
  socket.write(`${(100_000).toString(16)}\r\n${body}${body}\r\n`);
  const exchange = await arrival;
  socket.write("no size\r\n");
  await exchange.closed;
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});

test("a request whose body breaks just as its turn comes is over though its client stays", async () => {
  place.upstream.answer = () => {};
  const clients: Socket[] = [];
  for (let round = 0; round < 20; round += 1) {
    const arrival = place.upstream.next();
    const socket = await open(place.gateway.base);
    clients.push(socket);
    const over = new Promise((resolve) => socket.resume().on("end", resolve).on("close", resolve));
    socket.write(head("GET /v1/x", "TE: trailers") + head("POST /v1/x", json, "Transfer-Encoding: chunked"));
    const exchange = await arrival;
    // Nearly always both are read at once: the answer, and what is wrong with the request that waits for it.
    const answered = exchange.json({});
    socket.write("no size\r\n");
    await answered;
    await over;
  }
  await eventually(async () => expect(await place.gateway.metric("postern_requests_in_flight")).toBe(0));
  for (const socket of clients) socket.destroy();
});

describe("a stop", () => {
  test("does not wait for a client that does not close its side", async () => {
    const own = await startPrivateEndpoint();
    const socket = await refused(own.gateway.base);
    await own[Symbol.asyncDispose]();
    socket.destroy();
  });
  test("does not wait for a body that broke while its model was sought", async () => {
    const own = await startPrivateEndpoint({ endpoint: { aliases: { small: "large" } } });
    const socket = await open(own.gateway.base);
    socket.write(`${head("POST /v1/x", json, "Transfer-Encoding: chunked")}2\r\n{ \r\nno size\r\n`);
    await once(socket.resume(), "end");
    expect(await own.gateway.ended(1)).toMatchObject([{ outcome: "client-request" }]);
    await own[Symbol.asyncDispose]();
    expect(own.upstream.exchanges).toEqual([]);
    socket.destroy();
  });
  test("lets a client read its last answer, whatever it has sent behind its request", async () => {
    for (let round = 0; round < 10; round += 1) {
      const own = await startPrivateEndpoint();
      const release = Promise.withResolvers<void>();
      own.upstream.answer = async (exchange) => {
        await release.promise;
        await exchange.json({ last: true });
      };
      const arrival = own.upstream.next();
      const client = await connect(own.gateway.base);
      client.send(head("GET /v1/x") + behind);
      await arrival;
      const stopped = own[Symbol.asyncDispose]();
      client.send(behind);
      release.resolve();
      expect((await client.answer()).text).toBe('{"last":true}');
      await client.wire.rest();
      expect(client.socket.errored).toBe(null);
      client.leave();
      await stopped;
    }
  });
});
