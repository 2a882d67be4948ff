import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import type { PrivateEndpoint } from "../support/private-endpoint.ts";
import { bringing, hashOf, makeKeys, startWithKeys } from "./local-keys.ts";

// Longer than any test takes: what ends before has not waited for it.
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: { ...limits, modelsMs: 3_600_000 } as unknown as typeof limits };
});

const keys = makeKeys("one");
let it: PrivateEndpoint;
beforeAll(async () => {
  it = await startWithKeys({ one: { hash: hashOf(keys.one), limits: { concurrency: 1 } } });
});
beforeEach(() => {
  it.upstream.forget();
  it.upstream.answer = () => {};
});
afterAll(() => it[Symbol.asyncDispose]());

for (const [path, headers] of Object.entries({ plain: [], "Node's": ["TE: trailers"] }))
  test(`a client that leaves while the models are listed ends that (${path} path)`, async () => {
    const before = it.gateway.requests().length;
    const client = await connect(it.gateway.base);
    client.send({ target: "/v1/models", headers: [...bringing(keys.one), ...headers] });
    const asked = await eventually(() => {
      const { exchanges } = it.upstream;
      expect(exchanges.map(({ target }) => target).toSorted()).toEqual([
        "/openai/v1/models",
        "/second/v1/models",
      ]);
      return exchanges;
    });
    client.leave();
    await Promise.all(asked.map(({ closed }) => closed));
    expect((await it.gateway.ended(before + 1)).at(-1)).toMatchObject({ outcome: "client-wait" });
    // Its place is free, and the list is there for who stays.
    it.upstream.answer = (exchange) => exchange.json({ object: "list", data: [] });
    const answer = await it.gateway.ask({ target: "/v1/models", headers: bringing(keys.one) });
    expect(answer.status).toBe(200);
  });
