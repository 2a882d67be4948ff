import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { certificate, startGateway } from "../support/gateway.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { shapes } from "../support/shapes.ts";

let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startPrivateEndpoint();
});
afterEach(() => it.upstream.forget());
afterAll(() => it[Symbol.asyncDispose]());

/** The metric of requests in flight, as the page of metrics names it. */
async function inFlight(): Promise<number> {
  const { text } = await it.gateway.admin("/metrics");
  const [name] = /^postern_\w*in_flight\w*/m.exec(text) ?? [];
  if (name === undefined) throw new Error("no metric of requests in flight");
  return it.gateway.metric(name);
}

const nothingInFlight = () => eventually(async () => expect(await inFlight()).toBe(0));

const head = (authority: string, rest: string) => `POST /v1/x HTTP/1.1\r\nHost: ${authority}\r\n${rest}`;
const leaving = {
  resets: (socket: Socket) => socket.resetAndDestroy(),
  closes: (socket: Socket) => socket.destroy(),
};

for (const [way, leave] of Object.entries(leaving))
  describe(`a client that ${way} ends the upstream's request`, () => {
    test("before its headers", async () => {
      it.upstream.answer = () => {};
      const arrival = it.upstream.next();
      const client = await connect(it.gateway.base);
      client.send({ target: "/v1/x", body: "{}" });
      const exchange = await arrival;
      expect(await inFlight()).toBe(1);
      leave(client.socket);
      await exchange.closed;
      await nothingInFlight();
    });

    test("in the middle of a stream", async () => {
      it.upstream.answer = (exchange) =>
        exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
      const arrival = it.upstream.next();
      const client = await connect(it.gateway.base);
      client.send({ target: "/v1/x", body: "{}" });
      const { closed } = await arrival;
      await client.head();
      leave(client.socket);
      await closed;
      await nothingInFlight();
    });

    test("in the middle of an answer with a length", async () => {
      it.upstream.answer = (exchange) => exchange.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nab");
      const arrival = it.upstream.next();
      const client = await connect(it.gateway.base);
      client.send({ target: "/v1/x" });
      const { closed } = await arrival;
      await client.head();
      leave(client.socket);
      await closed;
      await nothingInFlight();
    });

    test("while it uploads", async () => {
      const arrival = it.upstream.next();
      const client = await connect(it.gateway.base);
      client.send(head(client.authority, "Content-Length: 5000000\r\n\r\nbegin"));
      const exchange = await arrival;
      await exchange.received(5);
      leave(client.socket);
      await exchange.closed;
      await expect(exchange.body).rejects.toThrow();
      await nothingInFlight();
    });

    test("while it uploads in chunks", async () => {
      const arrival = it.upstream.next();
      const client = await connect(it.gateway.base);
      client.send(head(client.authority, "Transfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n"));
      const exchange = await arrival;
      await exchange.received(5);
      leave(client.socket);
      await exchange.closed;
      // Never a last chunk that would make it look whole.
      await expect(exchange.body).rejects.toThrow();
      await nothingInFlight();
    });

    test.each([100, 1_000_000])("while it sends %i bytes that the gateway reads whole", async (length) => {
      const before = it.gateway.requests().length;
      it.upstream.exchanges = [];
      const client = await connect(it.gateway.base);
      client.send(head(client.authority, `Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`));
      // The gateway has begun to read.
      expect((await client.wire.head())?.start).toMatch(/ 100/);
      client.send("begin");
      leave(client.socket);
      const lines = await it.gateway.ended(before + 1);
      expect(lines.at(-1)?.["outcome"]).toMatch(/client/);
      expect(it.upstream.exchanges).toEqual([]);
      await nothingInFlight();
    });

    test("while the endpoint answers faster than the client reads", async () => {
      it.upstream.answer = async (exchange) => {
        await exchange.body;
        await Promise.race([exchange.write(shapes["10 MB with a length"] ?? ""), exchange.closed]);
        await Promise.race([exchange.write(Buffer.alloc(50 << 20)), exchange.closed]);
      };
      const arrival = it.upstream.next();
      const client = await connect(it.gateway.base);
      client.send({ target: "/v1/x" });
      await client.head();
      client.socket.pause();
      const { closed } = await arrival;
      leave(client.socket);
      await closed;
      await nothingInFlight();
    });
  });

test("a client that leaves before the connection to the endpoint stands ends the attempt", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
  }).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  await using gateway = await startGateway(
    { endpoints: { private: { url: `https://127.0.0.1:${port}`, credentials: ["gen-cert"] } } },
    { "gen-cert": certificate(it.pki.client) },
  );
  const client = await connect(gateway.base);
  const arrival = once(silent, "connection");
  client.send({ target: "/v1/x" });
  await arrival;
  const [socket] = sockets;
  const closed = once(socket as Socket, "close");
  socket?.resume();
  client.leave();
  await closed;
  silent.close();
  const [line] = await gateway.ended(1);
  expect(JSON.stringify(line?.["outcome"])).toMatch(/client/);
});

test("each of many clients that leave at random moments ends its own request and no other", async () => {
  it.upstream.answer = async (exchange) => {
    await exchange.body;
    await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (let i = 0; i < 20 && !exchange.socket.destroyed; i += 1) {
      await Promise.race([exchange.write("2\r\nab\r\n"), exchange.closed]);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (!exchange.socket.destroyed) await exchange.write("0\r\n\r\n");
  };
  const runs = Array.from({ length: 60 }, async (_, index) => {
    const client = await connect(it.gateway.base);
    client.send({ target: `/v1/${index}` });
    if (index % 3 === 0) {
      const answer = await client.answer();
      expect([answer.text, answer.cut]).toEqual(["ab".repeat(20), false]);
    } else await new Promise((resolve) => setTimeout(resolve, index * 2));
    client.leave();
  });
  await Promise.all(runs);
  await nothingInFlight();
  it.upstream.forget();
  expect((await it.gateway.ask({ target: "/v1/x" })).text).toBe('{"ok":true}');
});
