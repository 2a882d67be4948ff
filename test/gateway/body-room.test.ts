import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type Client, connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { chunked } from "../support/shapes.ts";
import { answering, chat, header, type SharedModel, startSharedModel } from "../support/shared-model.ts";
import type { Answering } from "../support/upstream.ts";
import { bringing, hashOf, makeKeys } from "./local-keys.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

// A tenth of the room, so that few bodies fill it.
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: { ...limits, heldBodiesBytes: 24 * 1024 * 1024 } as unknown as typeof limits };
});

const keys = makeKeys("plain", "limited");
let it: SharedModel;
let opened: Client[] = [];

// A server that begins its answer at once, and takes no more of the request than it must.
let hasty: Socket | undefined;
const server = createServer((socket) => {
  hasty = socket.on("error", () => {});
  socket.once("readable", () => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
});

/** It never ends. */
const streaming: Answering = async (exchange) => {
  await exchange.body;
  await exchange.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
};

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
beforeEach(async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  it = await startSharedModel({
    settings: {
      keys: {
        plain: { hash: hashOf(keys.plain) },
        limited: { hash: hashOf(keys.limited), models: ["m", "h"] },
      },
      ejection: { after: 0 },
      retries: { budget: "100%" },
    },
    endpoints: 3,
    each: { c: { url, models: ["h"] } },
  });
  it.let("a", answering("503 Service Unavailable"));
  it.let("b", answering("200 OK"));
});
const allLeave = (): void => {
  for (const client of opened.splice(0)) client.leave();
};
afterEach(async () => {
  allLeave();
  hasty?.destroy();
  await it[Symbol.asyncDispose]();
});
afterAll(() => server.close());

const bodyOf = (bytes: number, model = "m"): string =>
  `{"model":"${model}","s":"`.padEnd(bytes - 2, "x").concat('"}');
const modelLast = (bytes: number): string => '{"s":"'.padEnd(bytes - 13, "x").concat('","model":"m"}');

const post = (framing: string, body: string | Buffer, key: string) => ({
  method: "POST",
  target: "/v1/chat/completions",
  headers: [...bringing(key), framing],
  body,
});
/** A request that says how long it is, which may be more than what comes. */
const sized = (body: string, length = body.length, key = keys.plain) =>
  post(`Content-Length: ${length}`, body, key);
const inChunks = (body: string) =>
  post("Transfer-Encoding: chunked", chunked([Buffer.from(body)]), keys.plain);

/** Sends a request on a connection that stays. */
async function send(ask: ReturnType<typeof post>): Promise<Client> {
  const client = await connect(it.gateway.base);
  opened.push(client);
  client.send(ask);
  return client;
}

const sendAll = (asks: readonly ReturnType<typeof post>[]): Promise<readonly Client[]> =>
  Promise.all(asks.map((ask) => send(ask)));

/** As the first endpoint says 503: 200 where the second was asked as well, for which the body must have been held. */
const statusOf = async (ask: ReturnType<typeof post>): Promise<number> => (await it.gateway.ask(ask)).status;

const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

describe("room is taken by what is held, and by nothing else", () => {
  test("small bodies in chunks take none while their answers stream", async () => {
    it.let("a", streaming);
    const clients = await sendAll(times(8, inChunks(chat())));
    for (const client of clients) await client.head();
    it.let("a", answering("503 Service Unavailable"));
    expect(await statusOf(inChunks(chat()))).toBe(200);
    expect(await statusOf(sized(bodyOf(100 * KiB)))).toBe(200);
  });

  for (const [framing, ask] of Object.entries({ "of known length": sized, "in chunks": inChunks }))
    test(`large bodies ${framing} take none once their answers have begun`, async () => {
      it.let("a", streaming);
      for (let i = 0; i < 8; i += 1) await (await send(ask(bodyOf(3.9 * MiB)))).head();
      it.let("a", answering("503 Service Unavailable"));
      expect(await statusOf(sized(bodyOf(4 * MiB)))).toBe(200);
    });

  test("a length that is only announced takes none", async () => {
    await sendAll(times(8, sized("", 4 * MiB)));
    await setTimeout(100);
    expect(await statusOf(sized(bodyOf(100 * KiB)))).toBe(200);
  });

  test("a body that its endpoint has not taken takes some, though the answer has begun", async () => {
    const body = bodyOf(22 * MiB, "h");
    const client = await send(sized(body, body.length, keys.limited));
    await client.head();
    expect(await statusOf(sized(bodyOf(4 * MiB)))).toBe(503);
    hasty?.resume();
    await eventually(async () => expect(await statusOf(sized(bodyOf(4 * MiB)))).toBe(200));
  });
});

// None is whole, so that they stay.
const fillings = {
  "bodies that are read whole": times(7, sized(bodyOf(3.9 * MiB), 4 * MiB)),
  "a body whose model has not come": [sized(modelLast(22 * MiB).slice(0, -20), 900 * MiB)],
  "a body that comes in chunks, whose model has not come": [
    post(
      "Transfer-Encoding: chunked",
      `${(23 * MiB).toString(16)}\r\n${'{"s":"'.padEnd(22 * MiB)}`,
      keys.plain,
    ),
  ],
  "a body of a key that is limited to models": [sized(bodyOf(22 * MiB), 23 * MiB, keys.limited)],
};

describe("while the room is full", () => {
  for (const [what, filling] of Object.entries(fillings))
    test(`of ${what}, large bodies are sent to one endpoint, and to another again when there is room`, async () => {
      await eventually(async () => {
        allLeave();
        await sendAll(filling);
        // Nothing tells how much of it has been read.
        await setTimeout(200);
        expect(await statusOf(sized(bodyOf(4 * MiB)))).toBe(503);
        expect(await statusOf(inChunks(bodyOf(4 * MiB)))).toBe(503);
      });
      for (const small of [sized(chat()), inChunks(chat()), sized(bodyOf(60 * KiB))])
        expect(await statusOf(small)).toBe(200);
      it.let("a", answering("200 OK"));
      expect(await statusOf(sized(bodyOf(4 * MiB)))).toBe(200);
      it.let("a", answering("503 Service Unavailable"));
      allLeave();
      await eventually(async () => expect(await statusOf(sized(bodyOf(4 * MiB)))).toBe(200));
      expect(await statusOf(inChunks(bodyOf(3.9 * MiB)))).toBe(200);
    });

  const mustBeHeld = {
    "whose model comes late": sized(modelLast(8 * MiB)),
    "in chunks, whose model comes late": inChunks(modelLast(8 * MiB)),
    "of a key that is limited to models": sized(bodyOf(8 * MiB), 8 * MiB, keys.limited),
  };
  for (const [which, ask] of Object.entries(mustBeHeld))
    test(`a body ${which} is refused, may come again, and leaves nothing behind`, async () => {
      it.let("a", answering("200 OK"));
      await sendAll(fillings["bodies that are read whole"]);
      const refused = await eventually(async () => {
        const answer = await it.gateway.ask(ask);
        expect(answer.status).toBe(503);
        return answer;
      });
      expect(errorIn(refused).code).toBe("bodies_exhausted");
      expect([header(refused, "retry-after"), header(refused, "x-should-retry")]).toEqual(["1", undefined]);
      await eventually(() =>
        expect(it.gateway.requests().at(-1)).toMatchObject({
          status: 503,
          code: "bodies_exhausted",
          outcome: "postern-request",
        }),
      );
      for (let i = 0; i < 4; i += 1) expect(await statusOf(ask)).toBe(503);
      allLeave();
      await eventually(async () => expect(await statusOf(ask)).toBe(200));
    });
});
