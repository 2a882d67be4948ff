import { describe, expect, test } from "vitest";
import {
  afterFailure,
  afterSuccess,
  type Health,
  returnMs,
  shareOf,
  well,
} from "../../src/gateway/attempts/health.ts";
import { Standing } from "../../src/gateway/attempts/standing.ts";

const ejection = { after: 3, forMs: 1000 };

/** Health after so many failures at one time. */
function failing(times: number, nowMs: number, from: Health = well, rule = ejection): Health {
  let health = from;
  for (let i = 0; i < times; i += 1) health = afterFailure(health, nowMs, rule);
  return health;
}

describe("an endpoint that fails", () => {
  test("is ejected by the last of so many failures in a row, and not before", () => {
    expect(shareOf(failing(2, 0), 0)).toBe(1);
    expect(shareOf(failing(3, 0), 0)).toBe(0);
    expect(shareOf(failing(3, 0), 999)).toBe(0);
  });

  test("is not ejected when an answer comes between", () => {
    const health = failing(2, 0, afterSuccess(failing(2, 0), 0));
    expect(shareOf(health, 0)).toBe(1);
  });

  test("is never ejected where the file says 0", () => {
    expect(shareOf(failing(100, 0, well, { after: 0, forMs: 1000 }), 0)).toBe(1);
  });

  test("gets a tenth of its requests when its time is over, and all of them in steady steps", () => {
    const health = failing(3, 0);
    expect(shareOf(health, 1000)).toBe(0.1);
    expect(shareOf(health, 1000 + returnMs / 2)).toBe(0.5);
    expect(shareOf(health, 1000 + returnMs)).toBe(1);
  });

  test("is ejected by one failure while it returns, twice as long each time, up to 16 times", () => {
    let health = failing(3, 0);
    const times: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 7; i += 1) {
      times.push(health.untilMs - nowMs);
      nowMs = health.untilMs + 1;
      health = afterFailure(health, nowMs, ejection);
    }
    expect(times).toEqual([1000, 2000, 4000, 8000, 16_000, 16_000, 16_000]);
  });

  test("begins with the shortest time again once it has been well for a while", () => {
    const returned = failing(1, 1001, failing(3, 0));
    const nowMs = returned.untilMs + returnMs;
    const health = failing(3, nowMs, afterSuccess(returned, nowMs));
    expect(health.untilMs - nowMs).toBe(1000);
  });

  test("begins with the shortest time again when it has returned without being asked", () => {
    const nowMs = 1000 + returnMs;
    const health = failing(3, nowMs, failing(3, 0));
    expect(health.untilMs - nowMs).toBe(1000);
  });

  test("stays ejected when an old stream comes to its end, or it fails again meanwhile", () => {
    const ejected = failing(3, 0);
    expect(afterSuccess(ejected, 500)).toEqual(ejected);
    expect(failing(5, 500, ejected)).toEqual(ejected);
  });
});

describe("an endpoint's standing", () => {
  test("says for how long it was ejected, once", () => {
    const standing = new Standing();
    const told = [1, 2, 3, 4].map(() => standing.failed(0, ejection, false));
    expect(told).toEqual([undefined, undefined, 1000, undefined]);
  });

  test("is none while a probe fails, whatever requests say, and returns slowly after", () => {
    const standing = new Standing();
    expect(standing.probed(true, 0)).toBe(false);
    expect(standing.probed(false, 0)).toBe(true);
    expect(standing.probed(false, 1)).toBe(false);
    standing.succeeded(2);
    expect(standing.shareAt(2)).toBe(0);
    expect(standing.probed(true, 10)).toBe(true);
    expect([standing.shareAt(10), standing.shareAt(10 + returnMs)]).toEqual([0.1, 1]);
  });

  test("forgets failures without any answer when it is connected to in another way, and no others", () => {
    const shares = [true, false].map((unanswered) => {
      const standing = new Standing();
      for (let i = 0; i < 3; i += 1) standing.failed(0, ejection, unanswered);
      standing.pause(500);
      standing.wayChanged();
      expect(standing.pausedUntilMs("m")).toBe(500);
      return standing.shareAt(0);
    });
    expect(shares).toEqual([1, 0]);
  });

  test("is what its probe says, whatever way it is connected to", () => {
    const standing = new Standing();
    standing.failed(0, { after: 1, forMs: 1000 }, true);
    standing.probed(false, 0);
    standing.wayChanged();
    expect(standing.shareAt(0)).toBe(0);
  });

  test("keeps the longest of the pauses that it has asked for", () => {
    const standing = new Standing();
    standing.pause(50);
    standing.pause(20);
    standing.pauseModel("m", 40, 0);
    standing.pauseModel("n", 60, 0);
    standing.pauseModel("n", 30, 0);
    expect(["m", "n", "other"].map((model) => standing.pausedUntilMs(model))).toEqual([50, 60, 50]);
  });

  test("pauses for a model no longer than it has asked, whatever other models it pauses for then", () => {
    const standing = new Standing();
    standing.pauseModel("m", 10, 0);
    standing.pauseModel("n", 30, 10);
    expect(standing.pausedUntilMs("m")).toBeLessThanOrEqual(10);
    standing.pauseModel("m", 20, 15);
    expect(["m", "n"].map((model) => standing.pausedUntilMs(model))).toEqual([20, 30]);
  });

  test("says for how long it was ejected, however often it was before", () => {
    const standing = new Standing();
    const rule = { after: 1, forMs: 1000 };
    const day = 86_400_000;
    const times = [0, day, day + 1000, 2 * day].map((nowMs) => standing.failed(nowMs, rule, false));
    expect(times).toEqual([1000, 1000, 2000, 1000]);
  });
});
