import { once } from "node:events";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { configOf } from "../../src/config/load.ts";
import { ServingProcess } from "../../src/cluster/serving-process.ts";
import { createVault } from "../../src/vault/vault.ts";
import { type Client, connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { certificate, put, Sink, sumIn, textOf } from "../support/gateway.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { type Exchange, startUpstream, type Upstream } from "../support/upstream.ts";
import { Served } from "./served.ts";

let pki: Pki;
let upstream: Upstream;
beforeAll(async () => {
  pki = await makePki();
  upstream = await startUpstream(demanding(pki));
});
afterEach(() => upstream.forget());
afterAll(() => upstream.stop());

const event = 'data: {"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n';

/** Begins a stream of events, and never ends it. */
const endless = (exchange: Exchange): Promise<void> =>
  exchange.write(
    `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${event.length.toString(16)}\r\n${event}\r\n`,
  );

/** Its listener takes nobody any more: the drain has begun. */
const closed = ({ base }: Served): Promise<void> =>
  eventually(() => expect(connect(base).then((client) => client.leave())).rejects.toThrow());

interface Stream {
  readonly client: Client;
  readonly exchange: Exchange;
  readonly body: AsyncGenerator<Buffer, unknown>;
}

/** A stream whose first event has come. */
async function streaming(base: string): Promise<Stream> {
  upstream.answer = endless;
  const arrival = upstream.next();
  const client = await connect(base);
  client.send({ target: "/private/v1/chat/completions", body: "{}" });
  const body = client.body(await client.head());
  expect((await body.next()).value?.toString()).toBe(event);
  return { client, exchange: await arrival, body };
}

/** Both ends of a stream see that it is not whole. */
async function brokenOff({ body, exchange }: Stream): Promise<void> {
  await expect(body.next()).rejects.toThrow();
  await exchange.closed;
}

/** The lines of requests in a log whose last line says that all is over. */
function requestsBeforeStopped(lines: readonly Readonly<Record<string, unknown>>[]) {
  expect(lines.at(-1)).toMatchObject({ msg: "stopped" });
  return lines.filter(({ msg }) => msg === "request");
}

const cutStream = {
  endpoint: "private",
  status: 200,
  outcome: "shutdown-stream",
  code: "shut_down",
  inputTokens: 3,
  outputTokens: 2,
};

const upgrade =
  "GET /private/v1/realtime HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

describe.each([
  ["one process", 1],
  ["two workers", 2],
] as const)("by %s, when the drain is over", (_, workers) => {
  const start = (drain: string): Promise<Served> =>
    Served.start(upstream, pki, { workers, timeouts: { drain } });

  /** Has it drain, and waits for its end. */
  async function drained(served: Served) {
    served.signal("SIGTERM");
    expect((await served.program.ended()).status).toBe(0);
    return requestsBeforeStopped(served.lines());
  }

  test("a stream in flight is broken off at both ends, and its line stands in the log", async () => {
    await using served = await start("300ms");
    const streams = [await streaming(served.base), await streaming(served.base)];
    const lines = await drained(served);
    await Promise.all(streams.map(brokenOff));
    expect(lines).toMatchObject([cutStream, cutStream]);
    if (workers === 2) expect(new Set(lines.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
  });

  test("a WebSocket is closed at both ends, and its line stands in the log", async () => {
    await using served = await start("300ms");
    upstream.answer = (exchange) =>
      exchange.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    const arrival = upstream.next();
    const client = await connect(served.base);
    client.send(upgrade);
    expect((await client.wire.head())?.start).toContain("101");
    const gone = once(client.socket.on("error", () => {}).resume(), "close");
    const lines = await drained(served);
    await Promise.all([gone, (await arrival).closed]);
    expect(lines).toMatchObject([{ status: 101, outcome: "shutdown-stream" }]);
  });

  test("a request that waits for its answer is told so, and may be sent again", async () => {
    await using served = await start("300ms");
    upstream.answer = () => {};
    const arrival = upstream.next();
    const client = await connect(served.base);
    client.send({ target: "/private/v1/x", body: "{}" });
    const exchange = await arrival;
    const [answer, lines] = await Promise.all([client.answer(), drained(served)]);
    expect([answer.status, errorIn(answer).code]).toEqual([503, "shut_down"]);
    expect(answer.headers.map(([name]) => name)).not.toContain("X-Should-Retry");
    await exchange.closed;
    expect(lines).toMatchObject([{ status: 503, outcome: "shutdown-wait", code: "shut_down" }]);
  });

  test.each([
    ["that its endpoint receives already", 64 << 20, 1 << 20, "shutdown-wait"],
    ["of which too little has come to send it on", 1000, 10, "shutdown-request"],
  ])("an upload %s is told so", async (_, length, sent, outcome) => {
    await using served = await start("300ms");
    upstream.answer = () => {};
    const arrival = upstream.next();
    const client = await connect(served.base);
    client.send(
      `POST /private/v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`,
    );
    // By then it is in flight.
    expect((await client.wire.head())?.start).toContain("100");
    client.send(Buffer.alloc(sent));
    if (outcome === "shutdown-wait") await (await arrival).received(sent);
    const [answer, lines] = await Promise.all([client.answer(), drained(served)]);
    expect([answer.status, errorIn(answer).code]).toEqual([503, "shut_down"]);
    expect(lines).toMatchObject([{ status: 503, outcome, code: "shut_down" }]);
  });

  test("which a second signal brings about, the same is done, and the status is 1", async () => {
    await using served = await start("1h");
    const stream = await streaming(served.base);
    served.signal("SIGTERM");
    await closed(served);
    served.signal("SIGTERM");
    await brokenOff(stream);
    expect((await served.program.ended()).status).toBe(1);
    expect(requestsBeforeStopped(served.lines())).toMatchObject([cutStream]);
  });

  test("which a reload has brought nearer, the same is done", async () => {
    await using served = await start("1h");
    const stream = await streaming(served.base);
    served.write({ workers, timeouts: { drain: "300ms" } });
    served.signal("SIGHUP");
    await eventually(() => expect(served.program.stderr).toContain('"reloaded"'));
    const lines = await drained(served);
    await brokenOff(stream);
    expect(lines).toMatchObject([cutStream]);
  });
});

test("what a drain broke off counts in the metrics, with its outcome and its tokens, and nothing is in flight", async () => {
  using folder = new Folder();
  const vault = await createVault({ file: folder.file("vault.age"), identity: folder.file("identity.txt") });
  await put(vault, "gen-cert", certificate(pki.client));
  folder.write("server-ca.pem", pki.serverCa.certificate);
  const endpoint = { url: `${upstream.origin}/v1`, credentials: ["gen-cert"], ca: "server-ca.pem" };
  const config = configOf(textOf({ endpoints: { private: endpoint } }), folder.file("postern.yaml"));
  const logTo = new Sink();
  const serving = new ServingProcess({ config, vault, log: pino(logTo), logTo, consoleDigest: "" });
  const address = { host: "127.0.0.1", port: 0 };
  const [base = ""] = await serving.listen([{ address, endpoint: undefined }]);
  const over = new AbortController();

  const stream = await streaming(base);
  upstream.answer = () => {};
  const arrival = upstream.next();
  const waiting = await connect(base);
  waiting.send({ target: "/private/v1/x", body: "{}" });
  await arrival;
  const stopped = serving.stop(over.signal);
  over.abort();
  await Promise.all([brokenOff(stream), waiting.answer(), stopped]);

  const { text } = await serving.metrics();
  const count = (labels: string): number => sumIn(text, "postern_requests_total", labels);
  expect(count('status="200",outcome="shutdown-stream"')).toBe(1);
  expect(count('status="503",outcome="shutdown-wait"')).toBe(1);
  expect(count("")).toBe(2);
  expect(sumIn(text, "postern_requests_in_flight")).toBe(0);
  expect(sumIn(text, "gen_ai_client_token_usage_sum", 'gen_ai_token_type="input"')).toBe(3);
});

test("without a limit to the drain, streams come to their own end", async () => {
  await using served = await Served.start(upstream, pki, { timeouts: { drain: 0 } });
  const { client, exchange, body } = await streaming(served.base);
  served.signal("SIGTERM");
  await closed(served);
  await exchange.write("0\r\n\r\n");
  expect((await body.next()).done).toBe(true);
  client.leave();
  expect((await served.program.ended()).status).toBe(0);
  expect(requestsBeforeStopped(served.lines())).toMatchObject([{ outcome: "done" }]);
});
