import { once } from "node:events";
import { expect, test } from "vitest";
import { type Client, connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { header } from "../support/shared-model.ts";
import type { Exchange } from "../support/upstream.ts";

const streamHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
const streamEnd = "2\r\ncd\r\n0\r\n\r\n";
/** No plain request: its connection is one of Node's server. */
const inChunks =
  "POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
const line = "GET /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\n";

/** A gateway whose drain lasts until the test is over, for a stream that does not end before. */
class Draining implements AsyncDisposable {
  readonly #place: PrivateEndpoint;
  readonly #long: Client;
  readonly #stream: Exchange;
  #stopped: Promise<void> | undefined;

  private constructor(place: PrivateEndpoint, long: Client, stream: Exchange) {
    this.#place = place;
    this.#long = long;
    this.#stream = stream;
  }

  static async prepare(): Promise<Draining> {
    const place = await startPrivateEndpoint({ settings: { timeouts: { drain: 0 } } });
    place.upstream.answer = (exchange) => exchange.write(streamHead);
    const arrival = place.upstream.next();
    const long = await connect(place.gateway.base);
    long.send({ target: "/v1/long" });
    await long.head();
    return new Draining(place, long, await arrival);
  }

  /** A connection that has sent this, and the request that came of it. */
  async sending(bytes: string, answer: (exchange: Exchange) => Promise<void> | void) {
    this.#place.upstream.answer = answer;
    const arrival = this.#place.upstream.next();
    const client = await connect(this.#place.gateway.base);
    client.send(bytes);
    return { client, exchange: await arrival };
  }

  async begin(): Promise<void> {
    this.#stopped = this.#place.gateway.app.stop();
    await eventually(() =>
      expect(connect(this.#place.gateway.base).then((client) => client.leave())).rejects.toThrow(),
    );
  }

  get seen(): number {
    return this.#place.upstream.exchanges.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.write(streamEnd);
    await this.#stopped;
    this.#long.leave();
    await this.#place[Symbol.asyncDispose]();
  }
}

/** The connection is closed from the other side, with nothing more on it. */
const closes = async ({ wire }: Client): Promise<void> => expect(await wire.head()).toBeUndefined();

test.each([
  ["plain", `${line}\r\n`],
  ["with a body in chunks", inChunks],
])("during a drain the answer to a request that is %s says that it is the last", async (_, bytes) => {
  await using draining = await Draining.prepare();
  const { client, exchange } = await draining.sending(bytes, () => {});
  await draining.begin();
  await exchange.json({ ok: true });
  const answer = await client.answer();
  expect(answer.status).toBe(200);
  expect(header(answer, "connection")).toBe("close");
  await closes(client);
});

test.each([
  ["plain", `${line}\r\n`],
  ["with a body in chunks", inChunks],
])("a stream to a request that is %s is the last of its connection in a drain", async (_, bytes) => {
  await using draining = await Draining.prepare();
  const { client, exchange } = await draining.sending(bytes, (begun) => begun.write(streamHead));
  const body = client.body(await client.head());
  await body.next();
  await draining.begin();
  client.send(`${line}\r\n`);
  await exchange.write(streamEnd);
  expect((await body.next()).value?.toString()).toBe("cd");
  expect((await body.next()).done).toBe(true);
  await closes(client);
  expect(draining.seen).toBe(2);
});

test("a head that was half there when the drain began is refused, and its connection closed", async () => {
  await using draining = await Draining.prepare();
  const { client } = await draining.sending(inChunks + line, (exchange) => exchange.json({ ok: true }));
  expect((await client.answer()).status).toBe(200);
  await draining.begin();
  client.send("\r\n");
  const refusal = await client.answer();
  expect([refusal.status, errorIn(refusal).code]).toEqual([503, "stopping"]);
  expect(header(refusal, "connection")).toBe("close");
  await closes(client);
});

test("requests that wait for the answers before them when a drain begins are answered, and the last one closes", async () => {
  await using draining = await Draining.prepare();
  const { client, exchange } = await draining.sending(`${inChunks}${line}\r\n${line}\r\n`, () => {});
  await draining.begin();
  await exchange.json({ ok: true });
  const answers = [await client.answer(), await client.answer(), await client.answer()];
  expect(answers.map(({ status }) => status)).toEqual([200, 503, 503]);
  expect(header(answers[2] ?? { headers: [] }, "connection")).toBe("close");
  await closes(client);
});

test("a connection that is idle when the drain begins is closed, whatever it has carried", async () => {
  await using draining = await Draining.prepare();
  const { client } = await draining.sending(inChunks, (exchange) => exchange.json({ ok: true }));
  await client.answer();
  const gone = once(client.socket, "close");
  await draining.begin();
  await gone;
});
