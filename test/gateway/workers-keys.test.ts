import { expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { ask } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { bringing, hashOf, makeKeys, startWithKeys } from "./local-keys.ts";
import { Streams } from "./streams.ts";

const settings = { workers: 2 };
const target = "/private/v1/x";

test("a local key's limit counts for all workers together", async () => {
  const { app, free } = makeKeys("app", "free");
  await using it = await startWithKeys(
    {
      app: { hash: hashOf(app), limits: { "requests-per-minute": 3 } },
      free: { hash: hashOf(free) },
    },
    settings,
  );
  const asked = async (key: string): Promise<number> =>
    (await it.gateway.ask({ target, headers: bringing(key) })).status;
  const statuses: number[] = [];
  for (let turn = 0; turn < 6; turn += 1) statuses.push(await asked(app));
  expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  for (let turn = 0; turn < 6; turn += 1) expect(await asked(free)).toBe(200);
  await it.gateway.ended(12);
  expect(new Set(it.gateway.requests().map(({ worker }) => worker))).toEqual(new Set([1, 2]));
});

test("what a killed worker had in flight no longer counts against a key's concurrency", async () => {
  const { app } = makeKeys("app");
  await using it = await startWithKeys({ app: { hash: hashOf(app), limits: { concurrency: 4 } } }, settings);
  const streams = await Streams.open(it.gateway.base, it.upstream, 4, bringing(app));
  it.upstream.answer = (exchange) => exchange.json({ ok: true });
  const asked = async (): Promise<number> =>
    (await ask(it.gateway.base, { target, headers: bringing(app) })).status;
  expect(await asked()).toBe(429);
  const [victim = 0] = childrenOf(process.pid);
  process.kill(victim, "SIGKILL");
  await eventually(async () => expect(await asked()).toBe(200));
  expect((await streams.finish()).cut).toHaveLength(2);
});
