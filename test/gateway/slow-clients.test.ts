import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { type Client, connect as connectTo, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

// The limits of seconds and minutes are fractions of a second here; which one ends a connection stays the same.
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  const short = {
    plainBodyMs: 50,
    wholeBodyMs: 1000,
    smallBodyBytes: 16 * 1024,
    wholeBodyBytes: 128 * 1024,
    bodySilenceMs: 1000,
    slowReaderMs: 1500,
    lingerMs: 200,
  };
  return { limits: { ...limits, ...short } as unknown as typeof limits };
});

let it: PrivateEndpoint;
let opened: Client[] = [];

/** A connection that ends with its test at the latest. */
async function connect(base: string): Promise<Client> {
  const client = await connectTo(base);
  opened.push(client);
  return client;
}

beforeAll(async () => {
  it = await startPrivateEndpoint({
    settings: { limits: { body: "256KiB", connections: 8 } },
    others: (origin) => ({
      other: { url: `${origin}/other/v1`, credentials: ["gen-cert"], ca: "server-ca.pem", models: ["b"] },
    }),
  });
});
afterEach(async () => {
  for (const client of opened) client.leave();
  opened = [];
  await eventually(async () => expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0));
  it.upstream.answer = (exchange) => exchange.json({});
  it.upstream.forget();
});
afterAll(() => it[Symbol.asyncDispose]());

const head = (client: Client, target: string, ...headers: readonly string[]): string =>
  [
    `POST ${target} HTTP/1.1`,
    `Host: ${client.authority}`,
    "Content-Type: application/json",
    ...headers,
    "",
    "",
  ].join("\r\n");
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${"x".repeat(bytes)}\r\n`;

/** Sends these bytes on a connection of their own, and reads the answer. */
async function sent(text: (client: Client) => string) {
  const client = await connect(it.gateway.base);
  client.send(text(client));
  return client;
}

const lastOutcome = async (count: number) => (await it.gateway.ended(count)).at(-1);

describe("a body that is read whole must come in its time, or the request ends with 408", () => {
  const texts: Record<string, (client: Client) => string> = {
    "an ordinary request": (client) => `${head(client, "/private/v1/x", "Content-Length: 10")}ab`,
    "an ordinary request without a byte of its body": (client) =>
      head(client, "/private/v1/x", "Content-Length: 10"),
    "one that Node's server takes": (client) =>
      `${head(client, "/private/v1/x", "Content-Length: 10", "TE: trailers")}ab`,
    "one whose model is looked for": (client) =>
      `${head(client, "/v1/x", "Transfer-Encoding: chunked")}a\r\n{"messages\r\n`,
  };
  for (const [name, text] of Object.entries(texts))
    test(name, async () => {
      const before = it.gateway.requests().length;
      const client = await sent(text);
      const answer = await client.answer();
      expect([answer.status, errorIn(answer).code]).toEqual([408, "request_timeout"]);
      expect(it.upstream.exchanges).toEqual([]);
      expect(await lastOutcome(before + 1)).toMatchObject({ status: 408, outcome: "timeout-request" });
      await client.wire.rest();
    });
  test("one that comes slowly but in time is served", async () => {
    const client = await sent((to) => `${head(to, "/private/v1/x", "Content-Length: 4")}ab`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.send("cd");
    expect((await client.answer()).status).toBe(200);
  });
  test("a larger one has as much time for each part of it", async () => {
    const parts = 6;
    const part = "x".repeat(16 * 1024);
    const client = await sent((to) =>
      head(to, "/private/v1/x", `Content-Length: ${parts * part.length}`, "TE: trailers"),
    );
    for (let i = 0; i < parts; i += 1) {
      client.send(part);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect((await client.answer()).status).toBe(200);
    expect((await it.upstream.exchanges[0]?.body)?.length).toBe(parts * part.length);
  });
});

describe("a body that is streamed on is judged by its silence", () => {
  const large = "Content-Length: 200000";
  for (const framing of [large, "Transfer-Encoding: chunked"])
    test(`silence ends the request with 408, and the endpoint's with it (${framing})`, async () => {
      const before = it.gateway.requests().length;
      const arrival = it.upstream.next();
      const client = await sent((to) => head(to, "/private/v1/x", framing) + chunk(1000));
      const exchange = await arrival;
      const answer = await client.answer();
      expect([answer.status, errorIn(answer).code]).toEqual([408, "request_timeout"]);
      await exchange.closed;
      expect(await lastOutcome(before + 1)).toMatchObject({ status: 408, outcome: "timeout-request" });
    });
  test("one that takes longer than the limit, but is never silent for it, arrives whole", async () => {
    const arrival = it.upstream.next();
    const client = await sent((to) => head(to, "/private/v1/x", "Transfer-Encoding: chunked"));
    for (let i = 0; i < 7; i += 1) {
      client.send(chunk(10));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    client.send("0\r\n\r\n");
    expect((await client.answer()).status).toBe(200);
    expect((await (await arrival).body).length).toBe(70);
  });
  test("while the endpoint takes nothing, the silence is not the client's", async () => {
    const roomy = await startPrivateEndpoint();
    try {
      roomy.upstream.reading = false;
      const length = 48 << 20;
      const client = await connect(roomy.gateway.base);
      client.send(head(client, "/v1/x", `Content-Length: ${length}`));
      client.send(Buffer.alloc(length, "x"));
      let answered = false;
      client.socket.on("data", () => (answered = true));
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(answered).toBe(false);
    } finally {
      await roomy[Symbol.asyncDispose]();
    }
  });
  test("an answer that has begun is broken off, and not ended as if it were whole", async () => {
    const before = it.gateway.requests().length;
    it.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    const client = await sent((to) => head(to, "/private/v1/x", large) + "x".repeat(1000));
    const answer = await client.answer();
    expect([answer.status, answer.text, answer.cut]).toEqual([200, "ab", true]);
    expect(await lastOutcome(before + 1)).toMatchObject({ outcome: "timeout-request" });
  });
});

describe("a body beyond limits.body", () => {
  test("that says its length is refused before anything is sent", async () => {
    for (const target of ["/v1/x", "/private/v1/x", "/private/raw/x"]) {
      const answer = await (await sent((to) => head(to, target, "Content-Length: 262145"))).answer();
      expect([answer.status, errorIn(answer).code]).toEqual([413, "body_too_large"]);
      expect(errorIn(answer).message).toContain("256KiB");
    }
    expect(it.upstream.exchanges).toEqual([]);
  });
  test("that says none is cut off where it passes the limit, and the endpoint's request with it", async () => {
    const before = it.gateway.requests().length;
    const arrival = it.upstream.next();
    const client = await sent((to) => head(to, "/private/v1/x", "Transfer-Encoding: chunked"));
    client.send(chunk(200_000));
    const exchange = await arrival;
    client.send(chunk(100_000));
    const answer = await client.answer();
    expect([answer.status, errorIn(answer).code]).toEqual([413, "body_too_large"]);
    await exchange.closed;
    await expect(exchange.body).rejects.toThrow();
    expect(await lastOutcome(before + 1)).toMatchObject({ status: 413, outcome: "postern-request" });
  });
  test("that says none is cut off where its model is still looked for, too", async () => {
    const client = await sent((to) => head(to, "/v1/x", "Transfer-Encoding: chunked"));
    client.send(`9\r\n{"x":"aaa\r\n${chunk(300_000)}`);
    const answer = await client.answer();
    expect([answer.status, errorIn(answer).code]).toEqual([413, "body_too_large"]);
    expect(it.upstream.exchanges).toEqual([]);
  });
  test("just within it passes", async () => {
    const client = await sent((to) => head(to, "/private/v1/x", "Transfer-Encoding: chunked"));
    client.send(`${chunk(262_144)}0\r\n\r\n`);
    expect((await client.answer()).status).toBe(200);
    expect((await it.upstream.exchanges.at(-1)?.body)?.length).toBe(262_144);
  });
});

describe("a client that takes nothing of its answer is cut, and the endpoint's request with it", () => {
  const flood = Buffer.alloc(1 << 20, "x");
  for (const [name, more] of Object.entries({ "on the plain path": [], "on Node's": ["TE: trailers"] }))
    test(name, async () => {
      const before = it.gateway.requests().length;
      it.upstream.answer = async (exchange) => {
        await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${flood.length * 64}\r\n\r\n`);
        for (let i = 0; i < 64; i += 1) exchange.socket.write(flood);
      };
      const arrival = it.upstream.next();
      const client = await sent((to) => `${head(to, "/private/v1/x", "Content-Length: 2", ...more)}{}`);
      client.socket.pause();
      await (
        await arrival
      ).closed;
      expect(await lastOutcome(before + 1)).toMatchObject({ outcome: "client-stream" });
    });
  test("one that takes a little now and then is served to the end", async () => {
    const parts = 24;
    it.upstream.answer = async (exchange) => {
      await exchange.write(`HTTP/1.1 200 OK\r\nContent-Length: ${flood.length * parts}\r\n\r\n`);
      for (let i = 0; i < parts; i += 1) exchange.socket.write(flood);
    };
    const client = await sent((to) => `${head(to, "/private/v1/x", "Content-Length: 2")}{}`);
    const answer = await client.head();
    let bytes = 0;
    for await (const piece of client.body(answer)) {
      // Several times longer in all than what a client that takes nothing is given.
      if (Math.floor((bytes + piece.length) / (2 << 20)) > Math.floor(bytes / (2 << 20)))
        await new Promise((resolve) => setTimeout(resolve, 200));
      bytes += piece.length;
    }
    expect(bytes).toBe(flood.length * parts);
  });
  test("a WebSocket may be silent for as long as it likes", async () => {
    it.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    client.send({
      target: "/private/v1/realtime",
      headers: ["Connection: Upgrade", "Upgrade: websocket"],
    });
    await client.wire.head();
    await new Promise((resolve) => setTimeout(resolve, 2000));
    client.send("hello");
    const exchange = await arrival;
    await eventually(() => expect(client.socket.closed).toBe(false));
    await exchange.write("world");
    let said = "";
    for await (const piece of client.wire.body({ bytes: 5 })) said += piece.toString();
    expect(said).toBe("world");
  });
});

describe("beyond limits.connections", () => {
  const busy = async (count: number) => {
    it.upstream.answer = () => {};
    const clients = await Promise.all(Array.from({ length: count }, () => connect(it.gateway.base)));
    for (const client of clients) client.send({ target: "/private/v1/x", body: "{}" });
    await eventually(() => expect(it.upstream.exchanges).toHaveLength(count));
    return clients;
  };
  test("a new connection gets 503 while all are busy, and the next one is served when one has gone", async () => {
    const clients = await busy(8);
    const answer = await it.gateway.ask({ target: "/private/v1/x" });
    expect([answer.status, errorIn(answer).code]).toEqual([503, "connections_exhausted"]);
    expect(it.gateway.log.text).toContain("no room for more connections");
    clients[0]?.leave();
    it.upstream.answer = (exchange) => exchange.json({});
    await eventually(async () =>
      expect((await it.gateway.ask({ target: "/private/v1/x" })).status).toBe(200),
    );
  });
  test("the oldest idle connection makes room for a new one, and no busy one does", async () => {
    const idle = [await connect(it.gateway.base), await connect(it.gateway.base)];
    const [oldest, younger] = idle;
    const kept = await connect(it.gateway.base);
    kept.send({ target: "/private/v1/x", headers: ["TE: trailers"] });
    expect((await kept.answer()).status).toBe(200);
    it.upstream.forget();
    const clients = await busy(5);
    it.upstream.answer = (exchange) => exchange.json({});
    expect((await it.gateway.ask({ target: "/private/v1/x" })).status).toBe(200);
    await eventually(() => expect(oldest?.socket.destroyed).toBe(true));
    expect(younger?.socket.destroyed).toBe(false);
    expect(clients.every(({ socket }) => !socket.destroyed)).toBe(true);
  });
});
