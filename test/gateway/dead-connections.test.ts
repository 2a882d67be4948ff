import { setTimeout } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { errorIn } from "../support/client.ts";
import { bearer, rotate } from "../support/gateway.ts";
import { header, type SharedModel, startSharedModel } from "../support/shared-model.ts";
import type { Exchange } from "../support/upstream.ts";
import { tokenIn } from "./token-sources.ts";

// Longer than in earnest, so that a busy machine makes no difference.
const { staleMs } = vi.hoisted(() => ({ staleMs: 3_000 }));
vi.mock(import("../../src/gateway/limits.ts"), async (original) => {
  const { limits } = await original();
  return { limits: { ...limits, staleMs } as unknown as typeof limits };
});

const get = { method: "GET", target: "/v1/models/m", body: "", headers: [] };

/** Leaves the endpoint `a` one idle connection, over which the next request goes. */
async function warmedUp(): Promise<SharedModel> {
  const it = await startSharedModel();
  expect(header(await it.post(), "x-postern-endpoint")).toBe("a");
  for (const upstream of it.upstreams) upstream.forget();
  return it;
}

/** Has worked on a request for longer than a dead connection would be silent. */
async function dying(exchange: Exchange): Promise<void> {
  await setTimeout(staleMs + 500);
  exchange.reset();
}

describe("an endpoint that dies long after it was given a request, over a connection that was used before,", () => {
  test.each(["/a/v1/chat/completions", "/v1/chat/completions"])(
    "does not get a POST once more, and nor does another (%s)",
    async (target) => {
      await using it = await warmedUp();
      it.let("a", dying);
      const answer = await it.post({ target });
      expect([answer.status, errorIn(answer).code]).toEqual([502, "upstream_closed"]);
      expect(it.seen).toEqual([1, 0]);
      expect(await it.gateway.ended(2)).toMatchObject([{}, { outcome: "upstream-wait" }]);
    },
  );

  test("does not get a GET once more, but another does", async () => {
    await using it = await warmedUp();
    it.let("a", dying);
    const answer = await it.post(get);
    expect([answer.status, header(answer, "x-postern-tried")]).toEqual([200, "a: upstream_closed"]);
    expect(it.seen).toEqual([1, 1]);
  });
});

describe("an endpoint whose connection is dead, and that cannot be reached any more,", () => {
  test("may have had a POST: no other gets it", async () => {
    await using it = await warmedUp();
    it.let("a", () => it.upstream("a").stop());
    const answer = await it.post();
    expect([answer.status, errorIn(answer).code]).toEqual([502, "upstream_closed"]);
    expect(it.seen).toEqual([1, 0]);
    expect(await it.gateway.ended(2)).toMatchObject([{}, { outcome: "upstream-wait" }]);
  });

  test("may have had a GET, which makes no difference: another gets it", async () => {
    await using it = await warmedUp();
    it.let("a", () => it.upstream("a").stop());
    const answer = await it.post(get);
    expect([answer.status, header(answer, "x-postern-tried")]).toEqual([200, "a: upstream_closed"]);
    expect(it.seen).toEqual([1, 1]);
  });
});

test("a POST over a connection that shows at once to be dead is sent to its endpoint once more", async () => {
  await using it = await warmedUp();
  it.let("a", async (exchange) => {
    if (it.seen[0] === 1) return exchange.reset();
    await exchange.body;
    await exchange.json({});
  });
  const answer = await it.post();
  expect([answer.status, header(answer, "x-postern-endpoint")]).toEqual([200, "a"]);
  expect(it.seen).toEqual([2, 0]);
});

test("a POST that is sent once more goes with the token that is in force by then", async () => {
  await using it = await warmedUp();
  const { gateway } = it;
  it.let("a", async (exchange) => {
    if (it.seen[0] === 1) {
      await rotate(gateway.vault, "token-a", bearer("canary-bearer-a-rotated"));
      await gateway.app.reload();
      return exchange.reset();
    }
    await exchange.body;
    await exchange.json({});
  });
  expect((await it.post()).status).toBe(200);
  expect(it.upstream("a").exchanges.map(tokenIn)).toEqual([
    "canary-bearer-a-5d1e",
    "canary-bearer-a-rotated",
  ]);
});
