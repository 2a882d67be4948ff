import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type Client, connect as connectTo, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

const most = 8;

const given = vi.hoisted(() => ({ newcomerMs: 10, turnedAwayMs: 60_000 }));
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: Object.setPrototypeOf(given, limits) as typeof limits };
});

let it: PrivateEndpoint;
let opened: Client[] = [];
beforeAll(async () => {
  it = await startPrivateEndpoint({ settings: { limits: { connections: most } } });
});
afterEach(async () => {
  for (const client of opened) client.leave();
  opened = [];
  given.newcomerMs = 10;
  await eventually(async () => expect(await it.gateway.metric("postern_requests_in_flight")).toBe(0));
  it.upstream.answer = (exchange) => exchange.json({});
  it.upstream.forget();
});
afterAll(() => it[Symbol.asyncDispose]());

/** A connection that ends with its test at the latest. */
async function connect(): Promise<Client> {
  const client = await connectTo(it.gateway.base);
  opened.push(client);
  return client;
}

/** Connections with a request that the endpoint does not answer. */
async function busy(count: number): Promise<void> {
  it.upstream.answer = () => {};
  for (let i = 0; i < count; i += 1) (await connect()).send({ target: "/v1/x" });
  await eventually(() => expect(it.upstream.exchanges).toHaveLength(count));
  it.upstream.answer = (exchange) => exchange.json({});
}

/** What a request over this connection gets: 200, the code of an error, or how it fails. */
async function asked(client: Client): Promise<string> {
  client.send({ target: "/v1/x" });
  const answer = await client.answer().catch(String);
  return typeof answer === "string" ? answer : answer.status === 200 ? "200" : errorIn(answer).code;
}

test("of many that come at once while all others are busy, each is served or told that there is no room", async () => {
  given.newcomerMs = 60_000;
  await busy(most - 2);
  const answers = await Promise.all(Array.from({ length: 50 }, async () => asked(await connect())));
  expect(answers.filter((answer) => answer !== "200" && answer !== "connections_exhausted")).toEqual([]);
  expect(answers).toContain("200");
});

test("a newcomer that has not spoken yet is not cut for the next one, and is served when it speaks", async () => {
  given.newcomerMs = 60_000;
  await busy(most - 1);
  const newcomer = await connect();
  expect(await asked(await connect())).toBe("connections_exhausted");
  expect(await asked(newcomer)).toBe("200");
});

test("who is turned away reads why, whatever it has sent", async () => {
  await busy(most);
  for (let round = 0; round < 50; round += 1) {
    const client = await connectTo(it.gateway.base);
    client.send("x".repeat(500_000));
    expect(errorIn(await client.answer()).code).toBe("connections_exhausted");
    await client.wire.rest();
    expect(client.socket.errored).toBe(null);
    client.leave();
  }
});

test("one that is silent for longer gives way", async () => {
  await busy(most - 1);
  const silent = await connect();
  await eventually(async () => expect(await asked(await connect())).toBe("200"));
  await eventually(() => expect(silent.socket.destroyed).toBe(true));
});

test.each([
  ["on the plain path", []],
  ["on Node's", ["TE: trailers"]],
])("the connection that is idle longest makes room, not the one that came first: %s", async (_, headers) => {
  const clients: Client[] = [];
  for (let i = 0; i < most; i += 1) clients.push(await connect());
  // Those that came last were idle first.
  for (const client of clients.toReversed()) {
    client.send({ target: "/v1/x", headers });
    expect((await client.answer()).status).toBe(200);
  }
  for (const longest of clients.toReversed().slice(0, 3)) {
    // Who has asked last is the youngest of all that are idle, and is not what gives way next.
    await eventually(async () => expect(await asked(await connect())).toBe("200"));
    await eventually(() => expect(longest.socket.destroyed).toBe(true));
  }
  expect(clients.map(({ socket }) => socket.destroyed)).toEqual([
    ...Array(most - 3).fill(false),
    true,
    true,
    true,
  ]);
});
