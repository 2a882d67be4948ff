import { describe, expect, test } from "vitest";
import type { Look, SeenRequest } from "../../src/admin/api/shapes/live.ts";
import { shown } from "../../src/admin/console/live/filter.ts";
import { begun, changed, mostEnded, nothingYet } from "../../src/admin/console/live/lately.ts";
import { endingText, isError } from "../../src/admin/console/live/outcome.ts";
import { hourOf } from "../../src/admin/console/live/series.ts";
import { stretchesOf } from "../../src/admin/console/live/timeline.ts";
import { troubles } from "../../src/gateway/live/hour.ts";

const request = (id: string, more: Partial<SeenRequest> = {}): SeenRequest => ({
  id,
  requestId: id,
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 100,
  method: "POST",
  path: "/chat/completions",
  tried: [],
  sentBytes: 0,
  receivedBytes: 0,
  timeline: {},
  ...more,
});

const look = (more: Partial<Look>): Look => ({
  at: "2026-01-01T00:00:00.000Z",
  lastHour: { requests: 0, errors: 0 },
  ended: [],
  leftOut: 0,
  inFlight: [],
  inFlightCount: 0,
  ...more,
});

describe("what the page knows", () => {
  test("does not grow, however much happens while it is open", () => {
    let lately = nothingYet;
    for (let event = 0; event < 1_000; event += 1)
      lately = changed(lately, look({ ended: [request(`${event}-a`), request(`${event}-b`)], leftOut: 3 }));
    expect(lately.ended).toHaveLength(mostEnded);
    expect(lately.ended[0]?.id).toBe("999-a");
    expect(lately.arrived).toBe(5_000);
  });
  test("counts after a break only what it had not seen", () => {
    const before = begun(nothingYet, look({ ended: [request("2"), request("1")] }));
    const after = begun(before, look({ ended: [request("3"), request("2"), request("1")] }));
    expect(after.arrived).toBe(3);
    expect(after.ended.map(({ id }) => id)).toEqual(["3", "2", "1"]);
  });
});

describe("the words for an ending", () => {
  const endings = troubles.filter((trouble) => !trouble.startsWith("answer-"));
  test.each(endings)("%s is said as people say it, and is an error", (outcome) => {
    expect(endingText({ outcome })).not.toBe(outcome);
    expect(isError({ outcome })).toBe(true);
  });
  test("prefer the error's own, and the phase's within an answer", () => {
    const code = "upstream_closed";
    expect(endingText({ outcome: "upstream-wait", code })).toBe("endpoint closed the connection");
    expect(endingText({ outcome: "upstream-stream", code })).toBe("endpoint broke off midway");
  });
  test("tell a complete answer from one that says itself that something is wrong", () => {
    expect(endingText({ outcome: "done", status: 200 })).toBe("done");
    expect(endingText({ outcome: "done", status: 429 })).toBe("endpoint answered 429");
    expect(isError({ outcome: "done", status: 200 })).toBe(false);
    expect(isError({ outcome: "done", status: 429 })).toBe(true);
  });
});

describe("the timeline", () => {
  const names = (more: Partial<SeenRequest>): readonly string[] =>
    stretchesOf(request("1", more)).map(({ name, fromMs, toMs }) => `${name} ${fromMs}-${toMs}`);
  test("of a stream has every phase, one after the other", () =>
    expect(names({ timeline: { queueMs: 1, connectMs: 5, firstByteMs: 20, firstTokenMs: 30 } })).toEqual([
      "reading and routing 0-1",
      "connecting 1-5",
      "waiting for the answer 5-20",
      "waiting for the first token 20-30",
      "streaming 30-100",
    ]));
  test("of another answer ends with its body", () =>
    expect(names({ timeline: { queueMs: 1, connectMs: 5, firstByteMs: 20 } }).slice(3)).toEqual([
      "answering 20-100",
    ]));
  test("of a request that failed ends in the phase in which it did", () =>
    expect(names({ timeline: { queueMs: 1 } })).toEqual(["reading and routing 0-1", "connecting 1-100"]));
  test("of an answer of the cache has no phase that it went around", () =>
    expect(names({ timeline: { firstByteMs: 2 } })).toEqual([
      "waiting for the answer 0-2",
      "answering 2-100",
    ]));
});

test("the filter takes a part of a model's name in any case, and at most so many", () => {
  const all = Array.from({ length: 10 }, (_, id) =>
    request(String(id), { model: "meta/Llama", endpoint: "a" }),
  );
  const found = (model: string, most = 100): number =>
    shown(all, { endpoint: "", model, errorsOnly: false }, most).length;
  expect(found("LLAMA")).toBe(10);
  expect(found("llama", 3)).toBe(3);
  expect(found("qwen")).toBe(0);
});

describe("the charts", () => {
  const quantiles = { p50: [null, 200, 5], p95: [null, 300, 5] };
  const history = {
    from: "2026-01-01T00:00:00.000Z",
    stepMs: 10_000,
    endpoints: ["a"],
    requests: [0, 50, 1],
    errors: { "upstream-wait": [0, 1, 0], "upstream-connect": [0, 2, 0], "answer-5xx": [1, 0, 0] },
    firstTokenMs: quantiles,
    tokensPerSecond: quantiles,
  };
  test("leave out the bucket that is not over, and gather errors by who is at fault", () => {
    const { times, charts } = hourOf(history);
    expect(times).toHaveLength(2);
    expect(charts.map(({ summary }) => summary)).toEqual([
      "5/s now, at most 5/s in the last hour",
      "median 200 ms lately, 200 ms in the last hour",
      "median 200 tok/s lately, 200 tok/s in the last hour",
      "1 answered 5xx, 3 endpoint failed",
    ]);
  });
  test("begin where something happens, and show five minutes at least", () => {
    const hour = (busyFrom: number): number =>
      hourOf({
        ...history,
        requests: Array.from({ length: 360 }, (_, bucket) => (bucket < busyFrom ? 0 : 1)),
        errors: {},
      }).times.length;
    expect([0, 100, 350, 360].map(hour)).toEqual([359, 260, 29, 359]);
  });
});
