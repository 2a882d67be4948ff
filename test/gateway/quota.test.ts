import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { KeyLimits, LocalKeyConfig } from "../../src/config/config.ts";
import { digestOf } from "../../src/config/local-keys.ts";
import { Entrance } from "../../src/gateway/keys/entrance.ts";
import { Metrics } from "../../src/gateway/metrics/metrics.ts";
import { type Denied, type Granted, LocalQuota, type Quota } from "../../src/gateway/keys/quota.ts";
import { beginRecord, type RequestRecord } from "../../src/gateway/record.ts";
import { rulesOf } from "../../src/gateway/keys/rules.ts";
import { type Answer, connect, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { PrivateEndpoint } from "../support/private-endpoint.ts";
import { bringing, hashOf, makeKeys, startWithKeys } from "./local-keys.ts";

const keyWith = (limits: Partial<KeyLimits>, name = "app"): LocalKeyConfig => ({
  name,
  digest: "",
  endpoints: [],
  models: [],
  limits: { requestsPerMinute: undefined, tokensPerMinute: undefined, concurrency: undefined, ...limits },
});

/** A quota and its clock. */
function quotaAt() {
  const clock = { nowMs: 1000 };
  return { clock, quota: new LocalQuota(() => clock.nowMs) };
}

const granted = (verdict: Granted | Denied): Granted => {
  if (!("leave" in verdict)) throw new Error(`denied by ${verdict.limit}`);
  return verdict;
};

describe("requests per minute", () => {
  test("as many as the limit may come at once, and then one for each part of a minute", () => {
    const { clock, quota } = quotaAt();
    const key = keyWith({ requestsPerMinute: 6 });
    for (let i = 0; i < 6; i += 1) granted(quota.enter(key)).leave(0);
    expect(quota.enter(key)).toEqual({ limit: "requests-per-minute", most: 6, waitMs: 10_000 });
    clock.nowMs += 9_999;
    expect(quota.enter(key)).toMatchObject({ limit: "requests-per-minute" });
    clock.nowMs += 1;
    granted(quota.enter(key));
    expect(quota.enter(key)).toMatchObject({ limit: "requests-per-minute" });
  });
  test("what was not used for an hour is no more than a minute's", () => {
    const { clock, quota } = quotaAt();
    const key = keyWith({ requestsPerMinute: 2 });
    granted(quota.enter(key));
    clock.nowMs += 3_600_000;
    granted(quota.enter(key));
    granted(quota.enter(key));
    expect(quota.enter(key)).toMatchObject({ waitMs: 30_000 });
  });
  test("a request that is denied takes nothing", () => {
    const { clock, quota } = quotaAt();
    const key = keyWith({ requestsPerMinute: 1 });
    granted(quota.enter(key));
    for (let i = 0; i < 100; i += 1) quota.enter(key);
    clock.nowMs += 60_000;
    granted(quota.enter(key));
  });
  test("in any stretch of time no more pass than the limit and what that time gives", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 }),
        (requestsPerMinute, pauses) => {
          const { clock, quota } = quotaAt();
          const key = keyWith({ requestsPerMinute });
          const begin = clock.nowMs;
          let passed = 0;
          for (const pause of pauses) {
            clock.nowMs += pause;
            if ("leave" in quota.enter(key)) passed += 1;
            const most = requestsPerMinute + ((clock.nowMs - begin) * requestsPerMinute) / 60_000;
            expect(passed).toBeLessThanOrEqual(most + 1e-6);
          }
        },
      ),
    );
  });
});

describe("tokens per minute", () => {
  test("a key in debt waits until the debt is paid off", () => {
    const { clock, quota } = quotaAt();
    const key = keyWith({ tokensPerMinute: 600 });
    granted(quota.enter(key)).leave(1200);
    const denied = quota.enter(key);
    expect(denied).toEqual({ limit: "tokens-per-minute", most: 600, waitMs: 60_100 });
    clock.nowMs += 60_100;
    granted(quota.enter(key));
  });
  test("a request that is denied for its tokens takes no request", () => {
    const { clock, quota } = quotaAt();
    const key = keyWith({ tokensPerMinute: 60, requestsPerMinute: 2 });
    granted(quota.enter(key)).leave(61);
    for (let i = 0; i < 10; i += 1) expect(quota.enter(key)).toMatchObject({ limit: "tokens-per-minute" });
    clock.nowMs += 2_000;
    granted(quota.enter(key));
  });
});

describe("concurrency", () => {
  test("a place is free again when its request has ended", () => {
    const { quota } = quotaAt();
    const key = keyWith({ concurrency: 2 });
    const first = granted(quota.enter(key));
    granted(quota.enter(key));
    expect(quota.enter(key)).toEqual({ limit: "concurrency", most: 2, waitMs: 1000 });
    first.leave(0);
    granted(quota.enter(key));
    expect(quota.enter(key)).toMatchObject({ limit: "concurrency" });
  });
});

test("keys do not use up each other's limits", () => {
  const { quota } = quotaAt();
  granted(quota.enter(keyWith({ concurrency: 1 }, "a")));
  granted(quota.enter(keyWith({ concurrency: 1 }, "b")));
});

test("a limit that is changed counts from then on, and what was used is not forgotten", () => {
  const { quota } = quotaAt();
  for (let i = 0; i < 10; i += 1) granted(quota.enter(keyWith({ requestsPerMinute: 10 })));
  for (let i = 0; i < 5; i += 1) granted(quota.enter(keyWith({ requestsPerMinute: 15 })));
  expect(quota.enter(keyWith({ requestsPerMinute: 15 }))).toMatchObject({ most: 15 });
  expect(quota.enter(keyWith({ requestsPerMinute: 1 }))).toMatchObject({ most: 1 });
});

test("a key that is gone is forgotten, and a request of it that ends later disturbs nobody", () => {
  const { quota } = quotaAt();
  const key = keyWith({ concurrency: 1 });
  const late = granted(quota.enter(key));
  quota.keep(new Set());
  granted(quota.enter(key));
  late.leave(0);
  expect(quota.enter(key)).toMatchObject({ limit: "concurrency" });
});

describe("through the gateway", () => {
  const keys = makeKeys("requests", "one");
  let it: PrivateEndpoint;
  beforeAll(async () => {
    it = await startWithKeys({
      requests: { hash: hashOf(keys.requests), limits: { "requests-per-minute": 2 } },
      one: { hash: hashOf(keys.one), limits: { concurrency: 1 } },
    });
  });
  afterEach(() => {
    it.upstream.answer = (exchange) => exchange.json({});
    it.upstream.forget();
  });
  afterAll(() => it[Symbol.asyncDispose]());

  const body = '{"model":"model-a"}';
  const chat = (key: string): Promise<Answer> =>
    it.gateway.ask({ target: "/v1/chat/completions", headers: bringing(key), body });
  const header = ({ headers }: Answer, name: string): string | undefined =>
    headers.find(([key]) => key.toLowerCase() === name)?.[1];

  test("beyond its requests a key gets 429, which limit it was, and when to come again", async () => {
    expect((await chat(keys.requests)).status).toBe(200);
    expect((await chat(keys.requests)).status).toBe(200);
    it.upstream.forget();
    const answer = await chat(keys.requests);
    expect(answer.status).toBe(429);
    expect(errorIn(answer)).toMatchObject({ code: "local_limit_reached", type: "rate_limit_error" });
    expect(errorIn(answer).message).toContain("requests-per-minute");
    expect(header(answer, "x-postern-limit")).toBe("requests-per-minute");
    expect(Number(header(answer, "retry-after"))).toBeGreaterThan(0);
    expect(Number(header(answer, "retry-after"))).toBeLessThanOrEqual(30);
    // An SDK may try again by itself.
    expect(header(answer, "x-should-retry")).toBeUndefined();
    expect(it.upstream.exchanges).toEqual([]);
    expect(await it.gateway.metric("postern_local_key_refusals_total", 'reason="requests"')).toBe(1);
  });

  const occupy = async () => {
    it.upstream.answer = () => {};
    const arrival = it.upstream.next();
    const client = await connect(it.gateway.base);
    client.send({ target: "/v1/chat/completions", headers: bringing(keys.one), body });
    return { client, exchange: await arrival };
  };
  const free = () => {
    it.upstream.answer = (exchange) => exchange.json({});
    return eventually(async () => expect((await chat(keys.one)).status).toBe(200));
  };

  test("while its one place is taken a key gets 429, until the request is answered", async () => {
    const { client, exchange } = await occupy();
    const answer = await chat(keys.one);
    expect([answer.status, header(answer, "x-postern-limit")]).toEqual([429, "concurrency"]);
    await exchange.json({});
    expect((await client.answer()).status).toBe(200);
    client.leave();
    await free();
  });
  test("a place is given back when the client leaves", async () => {
    const { client } = await occupy();
    client.leave();
    await free();
  });
  test("a place is given back when the endpoint breaks off", async () => {
    it.upstream.answer = (exchange) => exchange.reset();
    expect((await chat(keys.one)).status).toBe(502);
    await free();
  });
  test("a place is given back when the request is refused behind it", async () => {
    const answer = await it.gateway.ask({
      target: "/v1/chat/completions",
      headers: bringing(keys.one),
      body: '{"model":"nobody\'s"}',
    });
    expect(answer.status).toBe(404);
    await free();
  });
});

test("a key is charged what the answer says that it took or what was estimated, but nothing for what came from the cache", async () => {
  const taken: number[] = [];
  const counting: Quota = { enter: () => ({ leave: (tokens) => taken.push(tokens) }), keep: () => {} };
  const directory = { destinations: new Map(), byModel: new Map(), fallback: undefined, peekBytes: 1024 };
  const entrance = new Entrance(counting, new Metrics(() => directory));
  const key = makeKeys("app").app;
  const limits = { peekBytes: 1024, bodyBytes: 1024, connections: 1 };
  const app = { ...keyWith({}), digest: digestOf(key) };
  const rules = rulesOf({ keys: new Map([["app", app]]), allowHosts: [], allowOrigins: [], limits });
  const ask = {
    method: "GET",
    target: "/v1/models",
    version: "1.1",
    rawHeaders: ["x-api-key", key],
    content: undefined,
  };
  const ended = async (more: Partial<RequestRecord>): Promise<void> => {
    const record = beginRecord({ number: 1, id: "id", method: "GET", startedMs: 0, startedAt: 0 });
    await entrance.admit(ask, undefined, rules, directory, record);
    entrance.leave(Object.assign(record, more));
  };
  const usage = { inputTokens: 9, outputTokens: 91 };
  await ended({ usage });
  await ended({ usage, cache: "hit" });
  await ended({ usage: { inputTokens: 5, outputTokens: undefined } });
  await ended({ estimatedTokens: 7 });
  await ended({});
  expect(taken).toEqual([100, 0, 5, 7, 0]);
});
