import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { connect } from "../support/client.ts";
import { bearer, type Gateway, rotate, startGateway } from "../support/gateway.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { valuesOf } from "../support/wire.ts";

let upstream: Upstream;
let gateway: Gateway;
beforeAll(async () => {
  upstream = await startUpstream();
  const endpoint = { url: `${upstream.origin}/v1`, credentials: ["token"], models: ["m"] };
  gateway = await startGateway(
    { endpoints: { first: endpoint, second: endpoint } },
    { token: bearer("canary-bearer-rotated-0") },
  );
});
afterEach(() => upstream.forget());
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await upstream.stop();
});

/** The tokens that the endpoints were sent. */
const sent = (): readonly string[] =>
  upstream.exchanges.flatMap(({ head }) => valuesOf(head, "authorization"));
async function rotateTo(value: string): Promise<void> {
  await rotate(gateway.vault, "token", bearer(value));
  await gateway.app.reload();
}

test("a request whose body is still on its way when the token is rotated is sent with the new one", async () => {
  const body = JSON.stringify({ model: "m", input: "x" });
  const client = await connect(gateway.base);
  client.send(
    `POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  // Time enough to be routed as far as that goes without its model; without it the test shows less, and passes.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await rotateTo("canary-bearer-rotated-1");
  client.send(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
  expect((await client.answer()).status).toBe(200);
  expect(sent()).toEqual(["Bearer canary-bearer-rotated-1"]);
  client.leave();
});

test("a request that waits for the end of a pause when the token is rotated is sent with the new one", async () => {
  await rotateTo("canary-bearer-rotated-2");
  upstream.answer = async (exchange) => {
    await exchange.body;
    if (upstream.exchanges.length > 2) await exchange.json({});
    else await exchange.write("HTTP/1.1 429 Slow\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n");
  };
  const asked = gateway.ask({
    target: "/v1/x",
    headers: ["Content-Type: application/json"],
    body: '{"model":"m"}',
  });
  await expect.poll(() => sent().length).toBe(2);
  await rotateTo("canary-bearer-rotated-3");
  expect((await asked).status).toBe(200);
  const old = "Bearer canary-bearer-rotated-2";
  expect(sent()).toEqual([old, old, "Bearer canary-bearer-rotated-3"]);
});
