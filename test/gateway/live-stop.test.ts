import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SeenRequest } from "../../src/admin/api/shapes/live.ts";
import { asAdmin } from "../console/admin-client.ts";
import { Watcher } from "../console/live-watcher.ts";
import { type Client, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

const ways = { "one process": {}, "two workers": { workers: 2 } };

describe.each(Object.entries(ways))("by %s, a request is stopped", (_name, settings) => {
  let it: PrivateEndpoint;
  /** Takes connections, and never says a word of TLS. */
  let silent: Upstream;
  beforeAll(async () => {
    silent = await startUpstream();
    it = await startPrivateEndpoint({
      settings,
      others: () => ({
        silent: {
          url: silent.origin.replace("http:", "https:"),
          credentials: ["gen-cert"],
          models: ["none"],
        },
      }),
    });
  });
  afterEach(() => it.upstream.forget());
  afterAll(async () => {
    await it[Symbol.asyncDispose]();
    await silent.stop();
  });

  /** Sends a request, and waits until it is with the endpoint. */
  async function begun(version = "HTTP/1.1") {
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    client.send({ target: "/private/v1/x", body: "{}", version });
    return { client, exchange: await arrival };
  }

  /** The only request that is in flight. */
  async function flying(): Promise<SeenRequest> {
    await using watcher = await Watcher.follow(it.gateway);
    return await eventually(() => {
      const [request, ...others] = watcher.events.at(-1)?.inFlight ?? [];
      if (request === undefined || others.length > 0) throw new Error("it is not in flight alone");
      return request;
    });
  }

  const stop = async ({ id }: SeenRequest): Promise<number> =>
    (await asAdmin(it.gateway, `/live/requests/${id}/stop`, { method: "POST" })).status;

  /** How it is told to have ended, in the log and in the API. */
  async function ending({ id, requestId }: SeenRequest) {
    const line = await eventually(() => {
      const found = it.gateway.requests().find((one) => one["requestId"] === requestId);
      if (found === undefined) throw new Error("it has not ended");
      return found;
    });
    const answer = await asAdmin(it.gateway, `/live/requests/${id}`);
    const { outcome, code, status } = (await answer.json()) as SeenRequest;
    expect({ outcome, code, status }).toEqual({
      outcome: line["outcome"],
      code: line["code"],
      status: line["status"],
    });
    return { outcome, code, status };
  }

  const count = (outcome: string): Promise<number> =>
    it.gateway.metric("postern_requests_total", `outcome="${outcome}"`);

  test("before its answer: the endpoint sees it broken off, and the client is told why", async () => {
    it.upstream.answer = () => {};
    const { client, exchange } = await begun();
    const request = await flying();
    expect(await stop(request)).toBe(204);
    await exchange.closed;
    const answer = await client.answer();
    expect(answer).toMatchObject({ status: 503, cut: false });
    expect(answer.text).toContain('"code":"request_stopped"');
    expect(answer.headers).toContainEqual(["X-Should-Retry", "false"]);
    expect(await ending(request)).toEqual({ outcome: "operator-wait", code: "request_stopped", status: 503 });
    expect(await count("operator-wait")).toBe(1);
    expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0);
    // It is over, and the connection is as good as before.
    expect(await stop(request)).toBe(409);
    it.upstream.answer = (next) => next.json({ ok: true });
    client.send({ target: "/private/v1/x", body: "{}" });
    expect((await client.answer()).text).toBe('{"ok":true}');
    client.leave();
  });

  test("while the connection to the endpoint is made: that is given up, and the client is told why", async () => {
    const client = await connect(it.gateway.base);
    client.send({ target: "/silent/v1/x", body: "{}" });
    await eventually(() => expect(silent.open).toBe(1));
    const request = await flying();
    expect(request.timeline).not.toHaveProperty("connectMs");
    expect(await stop(request)).toBe(204);
    expect((await client.answer()).status).toBe(503);
    await eventually(() => expect(silent.open).toBe(0));
    expect(await ending(request)).toMatchObject({ outcome: "operator-connect", status: 503 });
    client.leave();
  });

  test("when it has become a WebSocket: both ends see it closed", async () => {
    it.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    const headers = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    client.send({ target: "/private/v1/realtime", headers });
    const exchange = await arrival;
    expect((await client.head()).start).toContain("101");
    const closed = new Promise<void>((resolve) => client.socket.once("close", () => resolve()));
    client.socket.on("error", () => {}).resume();
    const request = await flying();
    expect(await stop(request)).toBe(204);
    await Promise.all([exchange.closed, closed]);
    expect(await ending(request)).toMatchObject({ outcome: "operator-stream", status: 101 });
  });

  const heads = {
    "in chunks": "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "with a length": "Content-Length: 1000\r\n\r\nab",
  };
  for (const [form, head] of Object.entries(heads))
    test(`within its answer ${form}: the endpoint sees it broken off, and the client that it is not whole`, async () => {
      it.upstream.answer = (exchange) => exchange.write(`HTTP/1.1 200 OK\r\n${head}`);
      const before = await count("operator-stream");
      const { client, exchange } = await begun();
      const arrived = await client.head();
      const body = client.body(arrived);
      expect((await body.next()).value?.toString()).toBe("ab");
      const request = await flying();
      expect(request).toMatchObject({ status: 200, receivedBytes: 2 });
      expect(await stop(request)).toBe(204);
      await exchange.closed;
      await expect(body.next()).rejects.toThrow();
      expect(await ending(request)).toEqual({
        outcome: "operator-stream",
        code: "request_stopped",
        status: 200,
      });
      expect(await count("operator-stream")).toBe(before + 1);
    });

  test("within an answer to HTTP/1.0, which ends with its connection: the client sees a reset", async () => {
    it.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    const { client } = await begun("HTTP/1.0");
    await client.head();
    const reset = new Promise<Error>((resolve) => client.socket.once("error", resolve));
    const request = await flying();
    expect(await stop(request)).toBe(204);
    expect((await reset).message).toContain("ECONNRESET");
    expect(await ending(request)).toMatchObject({ outcome: "operator-stream" });
  });

  test("while its client takes nothing: what it has not taken yet, it never gets", async () => {
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      const bytes = 50 << 20;
      await Promise.race([
        exchange.write(
          Buffer.concat([
            Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes}\r\n\r\n`),
            Buffer.alloc(bytes),
          ]),
        ),
        exchange.closed,
      ]);
    };
    const { client, exchange } = await begun();
    const arrived = await client.head();
    client.socket.pause();
    const request = await flying();
    expect(await stop(request)).toBe(204);
    await exchange.closed;
    client.socket.resume();
    expect(await wholeOf(client, client.body(arrived))).toBe(false);
    expect(await ending(request)).toMatchObject({ outcome: "operator-stream" });
  });

  test("and no other one that is in flight", async () => {
    it.upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    const stopped = await begun();
    await stopped.client.head();
    const request = await flying();
    const other = await begun();
    const body = other.client.body(await other.client.head());
    expect(await stop(request)).toBe(204);
    await stopped.exchange.closed;
    await other.exchange.write("2\r\ncd\r\n0\r\n\r\n");
    let text = "";
    for await (const piece of body) text += piece.toString();
    expect(text).toBe("abcd");
    other.client.leave();
  });
});

/** Whether a body comes to its end. */
async function wholeOf(client: Client, body: AsyncGenerator<Buffer>): Promise<boolean> {
  try {
    for await (const piece of body) expect(piece.length).toBeGreaterThan(0);
    return true;
  } catch {
    return false;
  } finally {
    client.leave();
  }
}
