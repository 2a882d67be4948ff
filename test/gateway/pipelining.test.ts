import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Client, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let place: PrivateEndpoint;
beforeAll(async () => {
  place = await startPrivateEndpoint();
});
afterEach(() => place.upstream.forget());
afterAll(() => place[Symbol.asyncDispose]());

const lines = (target: string, ...headers: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, "Host: 127.0.0.1", ...headers, "", ""].join("\r\n");
/** A request that is left to Node's server, where another is read before the one in front of it is answered. */
const unusual = (target: string): string => lines(target, "TE: trailers");
const upgrade = lines("/v1/realtime", "Connection: Upgrade", "Upgrade: websocket");

/** Sends requests and waits until the endpoint has the first of them. */
async function ask(bytes: string): Promise<Client> {
  const arrival = place.upstream.next();
  const client = await connect(place.gateway.base);
  client.send(bytes);
  await arrival;
  return client;
}

const inFlight = (): Promise<number> => place.gateway.metric("postern_requests_in_flight");

describe("an offer of an upgrade behind a request that waits for its answer", () => {
  test("is passed over, and answered in its turn", async () => {
    const client = await ask(unusual("/v1/first") + upgrade);
    expect((await client.answer()).text).toBe('{"ok":true}');
    expect((await client.answer()).text).toBe('{"ok":true}');
    expect(await client.wire.head()).toBe(undefined);
    expect(place.upstream.exchanges.map(({ target }) => target)).toEqual([
      "/openai/v1/first",
      "/openai/v1/realtime",
    ]);
    client.leave();
  });

  test("is passed over behind a refusal too", async () => {
    const client = await connect(place.gateway.base);
    client.send(unusual("/nowhere/v1/x") + upgrade);
    expect((await client.answer()).status).toBe(404);
    expect((await client.answer()).text).toBe('{"ok":true}');
    client.leave();
  });
});

test("requests of one connection reach the endpoint one after the other, however many are sent at once", async () => {
  let waiting = 0;
  let most = 0;
  place.upstream.answer = async (exchange) => {
    waiting += 1;
    most = Math.max(most, waiting);
    await new Promise((resolve) => setTimeout(resolve, 5));
    waiting -= 1;
    await exchange.json({ target: exchange.target });
  };
  const targets = Array.from({ length: 50 }, (_, index) => `/v1/${index}`);
  const client = await ask(targets.map(unusual).join(""));
  for (const target of targets)
    expect((await client.answer()).text).toBe(JSON.stringify({ target: `/openai${target}` }));
  expect(most).toBe(1);
  client.leave();
});

test.each([
  ["ordinary", (target: string) => lines(target, `X-Much: ${"x".repeat(8000)}`)],
  [
    "unusual",
    (target: string) => unusual(target).replace("\r\n\r\n", `\r\nX-Much: ${"x".repeat(8000)}\r\n\r\n`),
  ],
])("no more than a little is read of %s requests that nobody has come to yet", async (_, request) => {
  place.upstream.answer = () => {};
  const client = await ask(request("/v1/x").repeat(4000));
  // Time enough to read all of the 32 MB, if they were read; without it the test shows less, and passes.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(client.socket.writableLength).toBeGreaterThan(16 << 20);
  // Nobody reads on to where it would be told that the client has left; the endpoint's end shows it.
  client.leave();
  await eventually(async () => {
    place.upstream.hangUp();
    expect(await inFlight()).toBe(0);
  });
});

describe("a client that leaves while others of its requests wait", () => {
  test.each([
    ["ordinary ones, in several packets", [lines("/v1/a"), lines("/v1/b"), lines("/v1/c"), lines("/v1/d")]],
    ["unusual ones", [unusual("/v1/a"), unusual("/v1/b") + unusual("/v1/c")]],
    ["one that it has only begun", [unusual("/v1/a"), unusual("/v1/b").slice(0, 20)]],
  ])(
    "ends the one that is answered, and nobody hears of the rest: %s",
    async (_name, [first = "", ...rest]) => {
      place.upstream.answer = () => {};
      const before = place.gateway.requests().length;
      const client = await ask(first);
      for (const bytes of rest) {
        client.send(bytes);
        // So that they come in packets of their own; together they show less.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      client.socket.end();
      await place.upstream.exchanges[0]?.closed;
      expect((await place.gateway.ended(before + 1)).slice(before)).toMatchObject([
        { outcome: "client-wait" },
      ]);
      expect(await inFlight()).toBe(0);
      expect(place.upstream.exchanges).toHaveLength(1);
      client.leave();
    },
  );
});

test("a connection on which much comes before its upgrade has been agreed to is closed, and the endpoint's with it", async () => {
  place.upstream.answer = () => {};
  const before = place.gateway.requests().length;
  const client = await ask(upgrade);
  client.send("x".repeat(200_000));
  await place.upstream.exchanges[0]?.closed;
  expect((await place.gateway.ended(before + 1)).slice(before)).toMatchObject([{ outcome: "client-wait" }]);
  expect(await inFlight()).toBe(0);
  await client.wire.rest();
  client.leave();
});
