import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBody } from "../../src/gateway/body/body.ts";
import { type Client, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { bearer, type Gateway, startGateway } from "../support/gateway.ts";
import { fromFile } from "./token-sources.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const MB = 1_000_000;
const clients = 10;
const bodyBytes = 4 * MB;

/** What buffers take in this process, in MB. */
function buffersMB(): number {
  collect();
  return process.memoryUsage().arrayBuffers / MB;
}

function heapAndBuffersMB(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / MB;
}

// It keeps nothing of what it reads, and answers with a stream that ends when the test says so.
const streams: ServerResponse[] = [];
const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response.write("data: {}\n\n");
    streams.push(response);
  });
});
const folder = new Folder();
let gateway: Gateway;

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  folder.write("token", "canary-held-bodies-5d1e");
  const endpoint = { url, credentials: ["fixed"] };
  gateway = await startGateway(
    {
      endpoints: {
        one: { ...endpoint, models: ["own"], aliases: { alias: "own" } },
        two: { ...endpoint, models: ["shared"] },
        three: { ...endpoint, models: ["shared"] },
        renewed: { ...endpoint, credentials: ["live"] },
      },
    },
    { fixed: bearer("canary-held-bodies-5d1e"), live: fromFile(folder.file("token")) },
  );
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  folder[Symbol.dispose]();
});

/** Sends requests whose bodies say that they are 4 MB long, and so much of them. */
async function send(target: string, model: string, bytes: number): Promise<Client[]> {
  const body = `{"model":"${model}","s":"`.padEnd(bodyBytes - 2, "x").concat('"}');
  const sending = Array.from({ length: clients }, async () => {
    const client = await connect(gateway.base);
    client.send(
      `POST ${target} HTTP/1.1\r\nHost: ${client.authority}\r\nContent-Type: application/json\r\nContent-Length: ${bodyBytes}\r\n\r\n`,
    );
    client.send(body.slice(0, bytes));
    return client;
  });
  return Promise.all(sending);
}

const leave = (all: readonly Client[]): Promise<void> => {
  for (const client of all) client.leave();
  return eventually(async () => expect(await gateway.metric("postern_requests_in_flight")).toBe(0));
};

describe("a large body is not held while its answer streams, nor afterwards", () => {
  const routes = {
    "to an endpoint by its name": ["/one/v1/chat/completions", "own"],
    "to the endpoint that serves its model": ["/v1/chat/completions", "own"],
    "with another model in the place of an alias": ["/v1/chat/completions", "alias"],
    "to one of several endpoints": ["/v1/chat/completions", "shared"],
    "with a token that can be renewed": ["/renewed/v1/chat/completions", "own"],
  } as const;
  for (const [name, [target, model]] of Object.entries(routes))
    test(name, async () => {
      const before = buffersMB();
      const all = await send(target, model, bodyBytes);
      const heads = await Promise.all(all.map((client) => client.head()));
      expect(heads.map(({ start }) => start)).toEqual(heads.map(() => "HTTP/1.1 200 OK"));
      await eventually(() => expect(buffersMB() - before).toBeLessThan(bodyBytes / MB));
      // The connections to the endpoint are kept; what they carried is not.
      for (const stream of streams.splice(0)) stream.end();
      await eventually(async () => expect(await gateway.metric("postern_requests_in_flight")).toBe(0));
      await eventually(() => expect(buffersMB() - before).toBeLessThan(bodyBytes / MB));
      await leave(all);
    });
});

test("a body that comes byte by byte takes little more memory than it is long", async () => {
  const length = MB;
  const source = Readable.from(
    (function* () {
      for (let i = 0; i < length; i += 1) yield Buffer.allocUnsafeSlow(1).fill(i & 255);
    })(),
  );
  const before = heapAndBuffersMB();
  const body = await readBody({ content: { length, source } });
  expect(heapAndBuffersMB() - before).toBeLessThan(3);
  const sent = Uint8Array.from({ length }, (_, i) => i & 255);
  expect(Buffer.concat(body?.read ?? []).equals(sent)).toBe(true);
});

test("of bodies whose clients leave in the middle nothing is left behind, and the endpoint hears nothing", async () => {
  const before = buffersMB();
  const all = await send("/one/v1/chat/completions", "own", bodyBytes / 2);
  await eventually(() => expect(buffersMB() - before).toBeGreaterThan((clients * bodyBytes) / 4 / MB));
  await leave(all);
  await eventually(() => expect(buffersMB() - before).toBeLessThan(bodyBytes / MB));
  expect(streams).toEqual([]);
});
