import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { History, SeenRequest } from "../../src/admin/api/shapes/live.ts";
import { hashOf, makeKeys } from "../gateway/local-keys.ts";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import type { Exchange } from "../support/upstream.ts";
import { asAdmin } from "./admin-client.ts";
import { Watcher } from "./live-watcher.ts";

const keys = makeKeys("app");
const json = "Content-Type: application/json";
const withKey = [json, `Authorization: Bearer ${keys.app}`];
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const usage = 'data: {"usage":{"prompt_tokens":7,"completion_tokens":21}}\n\n';

const token = chunk("data: {}\n\n");
const end = `${chunk(usage)}0\r\n\r\n`;

const streamed = async (exchange: Exchange) => {
  await exchange.body;
  await exchange.write(`${streamHead}${token}`);
  await pause(20);
  await exchange.write(end);
};

const ways = { "one process": {}, "two workers": { workers: 2 } };

describe.each(Object.entries(ways))("of %s", (_name, more) => {
  let it: PrivateEndpoint;
  beforeAll(async () => {
    it = await startPrivateEndpoint({
      settings: { ...more, keys: { app: { hash: hashOf(keys.app) } } },
      others: (origin) => ({
        unreachable: { url: "https://127.0.0.1:1/v1", credentials: ["gen-cert"], models: ["far"] },
        second: { url: `${origin}/v1`, credentials: ["gen-cert"], ca: "server-ca.pem", models: ["near"] },
      }),
    });
  });
  afterEach(() => it.upstream.forget());
  afterAll(() => it[Symbol.asyncDispose]());

  const get = async <T>(path: string): Promise<T> => (await (await asAdmin(it.gateway, path)).json()) as T;
  const requests = async (query = ""): Promise<readonly SeenRequest[]> =>
    (await get<{ requests: SeenRequest[] }>(`/live/requests${query}`)).requests;
  const send = (target: string, body = '{"model":"m"}', headers: readonly string[] = withKey) =>
    it.gateway.ask({ method: "POST", target, headers, body });
  /** The request with this x-request-id, once it has ended. */
  const ended = (requestId: string): Promise<SeenRequest> =>
    eventually(async () => {
      const [found] = await requests(`?requestId=${requestId}`);
      if (found === undefined) throw new Error(`${requestId} has not ended`);
      return found;
    });

  test("a streamed request is told with all that is known of it, its times in their order", async () => {
    it.upstream.answer = () => {};
    const before = Date.now();
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    client.send({
      target: "/private/v1/chat/completions?x=1",
      headers: [...withKey, "X-Request-Id: streamed-one"],
      body: '{"model":"org/name","stream":true}',
    });
    const exchange = await arrival;
    await pause(40);
    await exchange.write(streamHead);
    const body = client.body(await client.head());
    await pause(30);
    await exchange.write(token);
    await body.next();
    await pause(60);
    await exchange.write(end);
    const seen = await ended("streamed-one");
    const { id, startedAt, durationMs, timeline, tokensPerSecond, receivedBytes, ...rest } = seen;
    expect(rest).toEqual({
      requestId: "streamed-one",
      endpoint: "private",
      model: "org/name",
      method: "POST",
      path: "/chat/completions",
      localKey: "app",
      status: 200,
      outcome: "done",
      tried: [],
      sentBytes: 34,
      inputTokens: 7,
      outputTokens: 21,
    });
    expect(id).toMatch(/^[0-9a-f]{8}-\d+$/);
    expect(receivedBytes).toBe("data: {}\n\n".length + usage.length);
    expect(Date.parse(startedAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(startedAt)).toBeLessThanOrEqual(Date.now());
    const { queueMs = NaN, connectMs = NaN, firstByteMs = NaN, firstTokenMs = NaN } = timeline;
    const times = [0, queueMs, connectMs, firstByteMs, firstTokenMs, durationMs];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(firstByteMs - connectMs).toBeGreaterThan(35);
    expect(firstTokenMs - firstByteMs).toBeGreaterThan(25);
    expect(durationMs - firstTokenMs).toBeGreaterThan(50);
    expect(tokensPerSecond).toBeCloseTo(20_000 / (durationMs - firstTokenMs), -1);
    expect(await get(`/live/requests/${id}`)).toEqual(seen);
    client.leave();
  });

  test("a request whose body comes slowly waits in the queue, and is in flight from then on", async () => {
    const release = Promise.withResolvers<void>();
    it.upstream.answer = async (exchange) => {
      await exchange.body;
      await release.promise;
      await exchange.json({ ok: true });
    };
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    const headers = [...withKey, "X-Request-Id: slow-one", "Content-Length: 16", "Expect: 100-continue"];
    client.send({ method: "POST", target: "/private/v1/x", headers });
    // It has begun to read the body.
    expect((await client.wire.head())?.start).toMatch(/ 100/);
    await pause(120);
    client.send('{"model":"slow"}');
    await arrival;
    await using watcher = await Watcher.follow(it.gateway);
    const [snapshot] = await eventually(() => {
      if (watcher.events.length === 0) throw new Error("no event yet");
      return watcher.events;
    });
    expect(snapshot).toMatchObject({ name: "snapshot", inFlightCount: 1, leftOut: 0 });
    const [flying] = snapshot?.inFlight ?? [];
    expect(flying).toMatchObject({
      requestId: "slow-one",
      endpoint: "private",
      model: "slow",
      sentBytes: 16,
    });
    expect(flying).not.toHaveProperty("outcome");
    expect(flying).not.toHaveProperty("status");
    expect(flying?.timeline.queueMs).toBeGreaterThan(100);
    release.resolve();
    await client.answer();
    client.leave();
    const seen = await ended("slow-one");
    expect(seen.id).toBe(flying?.id);
    await eventually(() => expect(watcher.told.map(({ id }) => id)).toContain(seen.id));
    expect(watcher.events.at(-1)).toMatchObject({ name: "change", inFlightCount: 0, inFlight: [] });
  });

  test("what went wrong says who ended it, and can be asked for by each of its properties", async () => {
    await send("/unreachable/v1/x", "{}", [...withKey, "X-Request-Id: refused-one"]);
    await send("/private/v1/x", "{}", [json, "X-Request-Id: keyless-one"]);
    it.upstream.answer = (exchange) => exchange.json({ error: "busy" }, "429 Too Many Requests");
    await send("/v1/chat/completions", '{"model":"near"}', [...withKey, "X-Request-Id: busy-one"]);
    expect(await ended("refused-one")).toMatchObject({
      endpoint: "unreachable",
      outcome: "upstream-connect",
      code: "upstream_refused",
      status: 502,
    });
    const refused = await ended("keyless-one");
    expect(refused).toMatchObject({ outcome: "postern-request", code: "local_key_required", status: 401 });
    expect(refused).not.toHaveProperty("endpoint");
    expect(refused.timeline).toEqual({});
    await ended("busy-one");
    const named = async (query: string): Promise<readonly string[]> =>
      (await requests(query)).map(({ requestId }) => requestId);
    expect(await named("?endpoint=second")).toEqual(["busy-one"]);
    expect(await named("?model=NEA")).toEqual(["busy-one"]);
    expect(await named("?status=429&localKey=app")).toEqual(["busy-one"]);
    expect(await named("?outcome=postern-request")).toEqual(["keyless-one"]);
    expect(await named("?failed=true")).toEqual(["busy-one", "keyless-one", "refused-one"]);
    expect(await named("?failed=true&limit=1")).toEqual(["busy-one"]);
    expect(await named("?failed=false")).not.toContain("busy-one");
  });

  test("the last hour adds up, in all and by endpoint", async () => {
    const before = await get<History>("/live/history");
    it.upstream.answer = streamed;
    for (let i = 0; i < 4; i += 1)
      await send("/second/v1/chat/completions", '{"model":"near","stream":true}');
    it.upstream.answer = (exchange) => exchange.json({ error: "broken" }, "500 Internal Server Error");
    await send("/second/v1/chat/completions");
    const sum = (counts: readonly number[] = []): number => counts.reduce((all, count) => all + count, 0);
    const { all, own } = await eventually(async () => {
      const found = {
        all: await get<History>("/live/history"),
        own: await get<History>("/live/history?endpoint=second"),
      };
      expect(sum(found.all.requests) - sum(before.requests)).toBe(5);
      return found;
    });
    expect(all.endpoints).toEqual(["private", "second", "unreachable"]);
    expect(all.stepMs * all.requests.length).toBe(3_600_000);
    expect(sum(own.errors["answer-5xx"])).toBe(1);
    expect(sum(own.requests)).toBeGreaterThanOrEqual(5);
    expect(own.firstTokenMs.p50.filter((value) => value !== null)).not.toHaveLength(0);
    for (const [step, value] of own.firstTokenMs.p50.entries())
      if (value !== null) expect(own.firstTokenMs.p95[step]).toBeGreaterThanOrEqual(value);
    expect(own.tokensPerSecond.p50.find((value) => value !== null)).toBeGreaterThan(0);
    expect(sum((await get<History>("/live/history?endpoint=nobody")).requests)).toBe(0);
  });

  test("each watcher is told of every request once, in the order in which they ended", async () => {
    await using watcher = await Watcher.follow(it.gateway);
    await eventually(() => expect(watcher.events).not.toHaveLength(0));
    const known = new Set(watcher.told.map(({ id }) => id));
    for (let i = 0; i < 30; i += 1)
      await send("/private/v1/x", "{}", [...withKey, `X-Request-Id: number-${i}`]);
    const told = await eventually(() => {
      const fresh = watcher.told.filter(({ id }) => !known.has(id)).map(({ requestId }) => requestId);
      expect(fresh).toHaveLength(30);
      return fresh;
    });
    expect(told).toEqual(Array.from({ length: 30 }, (_, i) => `number-${i}`));
    expect(watcher.events.filter(({ name }) => name === "snapshot")).toHaveLength(1);
  });

  test("no header, body, query or key of a request is told anywhere", async () => {
    const canary = "canary-live-7c21";
    await using watcher = await Watcher.follow(it.gateway);
    await send(`/private/v1/x?secret=${canary}`, JSON.stringify({ model: "m", prompt: canary }), [
      ...withKey,
      `X-Canary: ${canary}`,
      `Cookie: ${canary}`,
      "X-Request-Id: silent-one",
    ]);
    const { id } = await ended("silent-one");
    await eventually(() => expect(watcher.told.map((seen) => seen.id)).toContain(id));
    const all = [watcher.text, JSON.stringify([await requests("?limit=1000"), await get("/live/history")])];
    for (const text of all) {
      expect(text).not.toContain(canary);
      expect(text).not.toContain(keys.app);
    }
  });

  test("a request that is not known is not found, and there is nothing of it to stop", async () => {
    const unknown = await asAdmin(it.gateway, "/live/requests/00000000-1");
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining("request_unknown")]);
    const stopped = await asAdmin(it.gateway, "/live/requests/00000000-1/stop", { method: "POST" });
    expect([stopped.status, await stopped.text()]).toEqual([
      409,
      expect.stringContaining("request_not_in_flight"),
    ]);
  });

  test("a filter that there is none of is refused by its name", async () => {
    for (const query of ["nonsense=1", "limit=0", "limit=1001", "status=ok", "failed=perhaps"]) {
      const answer = await asAdmin(it.gateway, `/live/requests?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
      expect(await answer.text()).toContain(query.split("=", 1)[0]);
    }
  });
});

describe("watchers", () => {
  test("are 16 at most; one that leaves makes room", async () => {
    await using it = await startPrivateEndpoint();
    const watchers = await Promise.all(Array.from({ length: 16 }, () => Watcher.follow(it.gateway)));
    const answer = await asAdmin(it.gateway, "/live");
    expect([answer.status, await answer.text()]).toEqual([
      503,
      expect.stringContaining("watchers_exhausted"),
    ]);
    await watchers[3]?.[Symbol.asyncDispose]();
    const next = await eventually(() => Watcher.follow(it.gateway));
    for (const watcher of [...watchers, next]) await watcher[Symbol.asyncDispose]();
  });

  test("end with the gateway, which does not wait for them", async () => {
    const it = await startPrivateEndpoint();
    await using watcher = await Watcher.follow(it.gateway);
    await it[Symbol.asyncDispose]();
    await watcher.ended;
  });

  test("that read slowly are told what is newest, and how much they have missed", async () => {
    await using it = await startPrivateEndpoint();
    const answer = await asAdmin(it.gateway, "/live");
    const reader = answer.body?.getReader();
    // Nobody reads, and more ends than is told at once; what the sockets take is little against that.
    for (let round = 0; round < 3; round += 1) {
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          const client = await connect(it.gateway.base);
          for (let i = 0; i < 100; i += 1) {
            client.send({ target: "/v1/x" });
            await client.answer();
          }
          client.leave();
        }),
      );
      await pause(600);
    }
    let text = "";
    let told = 0;
    while (told < 1200) {
      const { value } = (await reader?.read()) ?? {};
      text += new TextDecoder().decode(value as Uint8Array);
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const { ended, leftOut } = JSON.parse(block.replace(/^[^{]*/, "")) as {
          ended: SeenRequest[];
          leftOut: number;
        };
        expect(ended.length).toBeLessThanOrEqual(200);
        if (leftOut > 0) expect(ended).toHaveLength(200);
        told += ended.length + leftOut;
      }
    }
    expect(told).toBe(1200);
    await reader?.cancel();
  });
});
