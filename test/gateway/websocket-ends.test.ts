import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Client, connect as connectTo } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { bearer } from "../support/gateway.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import type { Exchange } from "../support/upstream.ts";

// Minutes are fractions of a second here; which limit ends a connection stays the same.
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: { ...limits, slowReaderMs: 1500, lingerMs: 500 } as unknown as typeof limits };
});

const agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const flood = Buffer.alloc(24 << 20, "x");

let it: PrivateEndpoint;
let before = 0;
let opened: Client[] = [];

/** An endpoint that agrees to each offer, hears all, and ends nothing. */
const hanging = createServer({ allowHalfOpen: true }, (socket) => {
  sockets.push(socket);
  socket.on("error", () => {}).once("data", () => socket.write(agreed));
});
let sockets: Socket[] = [];

beforeAll(async () => {
  hanging.listen(0, "127.0.0.1");
  await once(hanging, "listening");
  const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}/v1`;
  it = await startPrivateEndpoint({
    others: () => ({ hanging: { url, credentials: ["token"] } }),
    items: { token: bearer("canary-bearer-hanging-41c7") },
  });
});
afterEach(async () => {
  for (const client of opened) client.leave();
  opened = [];
  for (const socket of sockets) socket.destroy();
  sockets = [];
  it.upstream.hangUp();
  await eventually(async () => expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0));
  it.upstream.forget();
  before = it.gateway.requests().length;
});
afterAll(async () => {
  await it[Symbol.asyncDispose]();
  hanging.close();
});

async function connect(target: string): Promise<Client> {
  const client = await connectTo(it.gateway.base);
  opened.push(client);
  client.send({ target, headers: ["Connection: Upgrade", "Upgrade: websocket"] });
  return client;
}

/** Sends the offer, and waits until the endpoint has it. */
async function offered(): Promise<{ client: Client; endpoint: Exchange }> {
  const arrival = it.upstream.next();
  const client = await connect("/private/v1/realtime");
  return { client, endpoint: await arrival };
}

/** A WebSocket whose endpoint takes nothing. */
async function deaf(): Promise<{ client: Client; endpoint: Exchange }> {
  it.upstream.reading = false;
  const { client, endpoint } = await offered();
  endpoint.socket.pause();
  await endpoint.write(agreed);
  expect((await client.wire.head())?.start).toMatch(/ 101 /);
  return { client, endpoint };
}

const outcome = async (): Promise<unknown> => (await it.gateway.ended(before + 1)).at(-1)?.["outcome"];
/** Nothing is held of what has ended: no place of a key's, and no connection. */
const nothingIsHeld = () =>
  eventually(async () => {
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
    expect(await it.gateway.metric("postern_upstream_connections")).toBe(0);
  });

describe("an upgrade that the endpoint declines with a long answer", () => {
  const declining = async (exchange: Exchange): Promise<void> => {
    await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${flood.length}\r\n\r\n`);
    exchange.socket.write(flood);
  };

  test("brings it whole, to a client that reads it with a pause", async () => {
    it.upstream.answer = declining;
    const { client } = await offered();
    const head = await client.head();
    let bytes = 0;
    for await (const piece of client.body(head)) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 300));
      bytes += piece.length;
    }
    expect(bytes).toBe(flood.length);
    expect(await outcome()).toBe("done");
  });

  test("ends with a client that takes nothing of it", async () => {
    it.upstream.answer = declining;
    const { client, endpoint } = await offered();
    client.socket.pause();
    await endpoint.closed;
    expect(await outcome()).toBe("client-stream");
  });
});

describe("a WebSocket whose client is gone is over, though the endpoint hangs", () => {
  test("where it hears of the end, and does not end itself", async () => {
    const client = await connect("/hanging/v1/realtime");
    expect((await client.wire.head())?.start).toMatch(/ 101 /);
    client.socket.end();
    expect(await outcome()).toBe("done");
    await nothingIsHeld();
  });

  test("where it takes nothing of what the client sent before", async () => {
    const { client } = await deaf();
    client.send(flood);
    await new Promise((resolve) => setTimeout(resolve, 300));
    client.socket.resetAndDestroy();
    // Whoever reads no more of the client does not hear of its end.
    expect(["client-stream", "timeout-stream"]).toContain(await outcome());
    await nothingIsHeld();
  });
});

describe("a WebSocket of which nothing is taken is over", () => {
  test("by the endpoint", async () => {
    const { client } = await deaf();
    client.send(flood);
    expect(await outcome()).toBe("timeout-stream");
    await nothingIsHeld();
  });

  test("by the client", async () => {
    const { client, endpoint } = await deaf();
    client.socket.pause();
    endpoint.socket.write(flood);
    expect(await outcome()).toBe("client-stream");
    await nothingIsHeld();
  });

  test("but not where a little of it is taken now and then", async () => {
    const { client, endpoint } = await deaf();
    endpoint.socket.write(flood);
    let bytes = 0;
    for await (const piece of client.wire.body({ bytes: flood.length })) {
      // Several times longer in all than what a client that takes nothing is given.
      if (Math.floor((bytes + piece.length) / (4 << 20)) > Math.floor(bytes / (4 << 20)))
        await new Promise((resolve) => setTimeout(resolve, 500));
      bytes += piece.length;
    }
    expect(bytes).toBe(flood.length);
  });
});
