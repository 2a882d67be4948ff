import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { IdleTime } from "../../src/gateway/upstream/idle-time.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

const minute = 60_000;

describe("how long an idle connection to an endpoint is kept", () => {
  test("90 seconds, as long as nothing is known", () => {
    expect(new IdleTime().keepMs(undefined, 0)).toBe(90_000);
  });

  test("a second less than the endpoint says", () => {
    expect(new IdleTime().keepMs(5_000, 0)).toBe(4_000);
  });

  test.each([
    [60_000, 59_000],
    [5_000, 4_000],
    [2_000, 1_600],
  ])("closed after %i ms: %i ms from then on", (idleMs, keepMs) => {
    const idleTime = new IdleTime();
    idleTime.closedAfter(idleMs, 0);
    expect(idleTime.keepMs(undefined, 1)).toBe(keepMs);
  });

  test("the least of what was said and seen counts", () => {
    const idleTime = new IdleTime();
    for (const idleMs of [30_000, 10_000, 20_000]) idleTime.closedAfter(idleMs, 0);
    expect(idleTime.keepMs(undefined, 1)).toBe(9_000);
    expect(idleTime.keepMs(5_000, 1)).toBe(4_000);
  });

  test("a close that follows an answer at once, as of a server that restarts, still leaves most of a second", () => {
    const idleTime = new IdleTime();
    idleTime.closedAfter(3, 0);
    expect(idleTime.keepMs(undefined, 1)).toBe(800);
  });

  test("what was seen is forgotten after ten minutes", () => {
    const idleTime = new IdleTime();
    idleTime.closedAfter(5_000, 0);
    expect(idleTime.keepMs(undefined, 10 * minute - 1)).toBe(4_000);
    expect(idleTime.keepMs(undefined, 10 * minute)).toBe(90_000);
    idleTime.closedAfter(50_000, 10 * minute);
    expect(idleTime.keepMs(undefined, 10 * minute)).toBe(49_000);
  });
});

describe("an endpoint that closed an idle connection", () => {
  let it: PrivateEndpoint;
  beforeAll(async () => {
    it = await startPrivateEndpoint();
  });
  afterAll(() => it[Symbol.asyncDispose]());

  for (const how of ["end", "destroy"] as const)
    test(`with ${how === "end" ? "a close" : "a reset"} is left sooner the next time`, async () => {
      for (const act of [how, "wait"] as const) {
        const arrival = it.upstream.next();
        expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(200);
        const { socket, closed, tcp } = await arrival;
        if (act === "end") setTimeout(() => socket.end(), 1_000);
        if (act === "destroy") setTimeout(() => tcp.resetAndDestroy(), 1_000);
        // The second one would be kept for a minute and a half; here nobody but the gateway closes it.
        await closed;
      }
    });
});
