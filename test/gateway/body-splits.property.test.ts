import { setImmediate } from "node:timers/promises";
import { array, asyncProperty, assert, boolean, constantFrom, integer, nat, oneof } from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { connect } from "../support/client.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { chunked } from "../support/shapes.ts";
import { valuesOf } from "../support/wire.ts";

const KiB = 1024;
const limitsHere = [2 * KiB, 4 * KiB, 16 * KiB];

// What is done with a body changes at its limits, which are so small here that many bodies can be tried around each.
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  const short = { smallBodyBytes: 2 * 1024, wholeBodyBytes: 16 * 1024 };
  return { limits: { ...limits, ...short } as unknown as typeof limits };
});

let it: PrivateEndpoint;
beforeAll(async () => {
  const shared = { credentials: ["gen-cert"], ca: "server-ca.pem", models: ["shared"] };
  it = await startPrivateEndpoint({
    settings: { limits: { peek: "4KiB" } },
    endpoint: { models: ["own", "shared"], aliases: { alias: "a-name-that-is-longer" } },
    others: (origin) => ({ other: { url: `${origin}/other`, ...shared } }),
  });
});
afterAll(() => it[Symbol.asyncDispose]());

const routes = [
  { target: "/private/raw/x", model: "own", arrives: "own" },
  { target: "/other/v1/x", model: "own", arrives: "own" },
  { target: "/v1/x", model: "own", arrives: "own" },
  { target: "/v1/x", model: "shared", arrives: "shared" },
  { target: "/v1/x", model: "alias", arrives: "a-name-that-is-longer" },
];

const size = oneof(
  ...limitsHere.map((limit) => integer({ min: limit - 2, max: limit + 2 })),
  integer({ min: 200, max: 40 * KiB }),
);

test("a body arrives byte for byte, however long it is and wherever it is split", async () => {
  await assert(
    asyncProperty(
      constantFrom(...routes),
      size,
      nat(100),
      boolean(),
      array(nat(40 * KiB), { maxLength: 8 }),
      async ({ target, model, arrives }, length, before, inChunks, cuts) => {
        const [lead, tail] = [`{"a":"${"x".repeat(before)}","model":`, ',"b":"'];
        const text = `${lead}"${model}"${tail}`;
        const body = Buffer.from(`${text.padEnd(length - 2, "y")}"}`);
        const sent = inChunks ? chunked(piecesOf(body, cuts)) : body;
        const framing = inChunks ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
        it.upstream.forget();
        const client = await connect(it.gateway.base);
        client.socket.setNoDelay(true);
        const head = `POST ${target} HTTP/1.1\r\nHost: ${client.authority}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`;
        for (const piece of piecesOf(Buffer.concat([Buffer.from(head), sent]), cuts)) {
          client.send(piece);
          await setImmediate();
        }
        const { status } = await client.answer();
        client.leave();
        expect(status).toBe(200);
        const [exchange] = it.upstream.exchanges;
        const expected = body.toString().replace(`"model":"${model}"`, `"model":"${arrives}"`);
        expect((await exchange?.body)?.toString()).toBe(expected);
        const lengths = valuesOf(exchange?.head ?? { start: "", headers: [] }, "content-length");
        if (!inChunks) expect(lengths).toEqual([String(expected.length)]);
      },
    ),
    { numRuns: 150 },
  );
});

/** Bytes, cut at these places where they have them. */
function piecesOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])];
  const sorted = places.sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}
