import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  array,
  assert,
  constant,
  constantFrom,
  double,
  integer,
  nat,
  option,
  property,
  record as recordOf,
  string,
  stringMatching,
} from "fast-check";
import { describe, expect, test } from "vitest";
import { historyOf, summed } from "../../src/cluster/history.ts";
import { Copies } from "../../src/gateway/live/copies.ts";
import { Ended } from "../../src/gateway/live/ended.ts";
import { Scale } from "../../src/gateway/live/scale.ts";
import { stepMs, steps, troubles } from "../../src/gateway/live/hour.ts";
import { Traffic } from "../../src/gateway/live/traffic.ts";
import { beginRecord, type RequestRecord } from "../../src/gateway/record.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const nobody = { stop: () => {} };

let made = 0;
const ended = (more: Partial<RequestRecord> = {}): RequestRecord => ({
  ...beginRecord({ number: (made += 1), id: `id-${made}`, method: "POST", startedMs: 1000, startedAt: 0 }),
  endpoint: "private",
  path: "/chat/completions",
  model: "a-model",
  status: 200,
  outcome: "done",
  endedMs: 2000,
  ...more,
});

/** A traffic whose clock the test sets. */
class Clocked {
  now: number;
  readonly traffic = new Traffic(() => this.now);

  constructor(startMs: number) {
    this.now = startMs;
  }
}

const heapBytes = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

describe("what is noted of requests that ended", () => {
  test("tells the newest of them as they were, and no more than its size", () => {
    const text = string({ unit: "grapheme", maxLength: 20 });
    const ms = option(double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });
    const count = option(nat(), { nil: undefined });
    const records = recordOf({
      number: nat(),
      id: stringMatching(/^[A-Za-z0-9._:-]{1,128}$/),
      method: constantFrom("GET", "POST"),
      path: text,
      localKey: option(text, { nil: undefined }),
      tokensLimited: constant(false),
      startedMs: double({ min: 0, max: 1e9, noNaN: true }),
      startedAt: nat(),
      dispatchedMs: ms,
      endpoint: option(text, { nil: undefined }),
      model: option(text, { nil: undefined }),
      status: nat(599),
      outcome: constantFrom<RequestRecord["outcome"]>("done", "client-stream", undefined),
      code: option(constantFrom("internal"), { nil: undefined }),
      connectedMs: ms,
      firstByteMs: ms,
      firstTokenMs: ms,
      endedMs: ms,
      wholeBytes: constant(undefined),
      sentBytes: nat(),
      receivedBytes: nat(),
      usage: option(recordOf({ inputTokens: count, outputTokens: nat() }), { nil: undefined }),
      estimatedTokens: constant(undefined),
      shared: constant(false),
      tried: array(text, { maxLength: 2 }),
      cache: constantFrom<RequestRecord["cache"]>("hit", undefined),
      place: constant(undefined),
    });
    assert(
      property(
        array(records, { maxLength: 12 }),
        integer({ min: 1, max: 5 }),
        integer({ min: 0, max: 8 }),
        (all, size, most) => {
          const noted = new Ended(size, new Copies(3));
          for (const one of all) noted.add(one);
          expect(noted.added).toBe(all.length);
          expect(noted.newest(most)).toEqual(all.toReversed().slice(0, Math.min(size, most)));
        },
      ),
    );
  });
});

describe("a scale", () => {
  test("tells a quantile as near as its ratio, wherever the values lie", () => {
    const scale = new Scale(1, 600_000, 1.4);
    assert(
      property(
        array(double({ min: 1, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        constantFrom(0.5, 0.95),
        (values, q) => {
          const counts = new Uint32Array(scale.buckets);
          for (const value of values) {
            const bucket = scale.bucketOf(value);
            counts[bucket] = (counts[bucket] ?? 0) + 1;
          }
          const exact = values.toSorted((a, b) => a - b)[Math.ceil(q * values.length) - 1] ?? 0;
          const told = scale.quantile(counts, q) ?? 0;
          expect(told / exact).toBeGreaterThan(1 / 1.41);
          expect(told / exact).toBeLessThan(1.41);
        },
      ),
    );
  });

  test("has a bucket for whatever comes, and a quantile of nothing is nothing", () => {
    const scale = new Scale(1, 2000, 1.4);
    for (const value of [0, -1, 1e-9, 1e12, Infinity])
      expect(scale.bucketOf(value)).toSatisfy((bucket: number) => bucket >= 0 && bucket < scale.buckets);
    expect(scale.quantile(new Uint32Array(scale.buckets), 0.5)).toBeNull();
  });
});

describe("the traffic of a process", () => {
  test("remembers no more after a million requests than after ten thousand, however they are named", () => {
    const { traffic } = new Clocked(1e12);
    const send = (count: number): void => {
      for (let i = 0; i < count; i += 1) {
        const one = ended({ path: `/files/${i}`, model: `model ${i}` });
        traffic.begun(one, nobody);
        traffic.ended(one);
      }
    };
    send(10_000);
    const before = heapBytes();
    send(990_000);
    expect(heapBytes() - before).toBeLessThan(2_000_000);
    expect(traffic.endedCount).toBe(1_000_000);
    expect(traffic.inFlightCount).toBe(0);
    expect(traffic.newestEnded(Infinity)).toHaveLength(1000);
  });

  test("does not hold what the names of a request were cut out of", () => {
    const { traffic } = new Clocked(1e12);
    const before = heapBytes();
    for (let i = 0; i < 1000; i += 1) {
      const request = `${i} id-of-the-client /a/path/that/is/long a-model-with-a-name ${"x".repeat(60_000)}`;
      const [, id = "", path = "", model = ""] = request.split(" ");
      const one = ended({ id, path, model });
      traffic.ended(one);
    }
    expect(heapBytes() - before).toBeLessThan(3_000_000);
  });

  test("shows 200 characters of a model or a path at most, and none of them as another one", () => {
    const { traffic } = new Clocked(1e12);
    traffic.ended(ended({ model: "m".repeat(1000), path: `/${"ä€😀".repeat(200)}` }));
    const [seen] = traffic.newestEnded(1);
    expect(seen?.model).toBe("m".repeat(200));
    expect(seen?.path).toBe(`/${"ä€😀".repeat(200)}`.slice(0, 200));
  });

  test("keeps the last request to each endpoint, though others have pushed it out", () => {
    const { traffic } = new Clocked(1e12);
    traffic.ended(ended({ id: "quiet", endpoint: "quiet" }));
    for (let i = 0; i < 2000; i += 1) traffic.ended(ended());
    traffic.ended(ended({ endpoint: undefined, outcome: "postern-request", status: 404 }));
    expect(traffic.latest().map(({ endpoint }) => endpoint)).toEqual(["quiet", "private"]);
    expect(traffic.latest()[0]?.id).toBe("quiet");
    traffic.keepOnly(new Map([["private", {}]]));
    expect(traffic.latest().map(({ endpoint }) => endpoint)).toEqual(["private"]);
    expect(historyOf(traffic.lastHour()).requests.at(-1)).toBe(2001);
  });
});

describe("the last hour", () => {
  test("counts each request in the ten seconds in which it ended, and forgets it after an hour", () => {
    assert(
      property(
        array(
          recordOf({
            pauseMs: integer({ min: 0, max: 400_000 }),
            outcome: constantFrom(
              "done" as const,
              ...troubles.filter((trouble) => !trouble.startsWith("answer")),
            ),
            endpoint: constantFrom("a", "b", undefined),
          }),
          { minLength: 1, maxLength: 60 },
        ),
        (requests) => {
          const clock = new Clocked(1e12);
          const times: { at: number; failed: boolean; endpoint: string | undefined }[] = [];
          for (const { pauseMs, outcome, endpoint } of requests) {
            clock.now += pauseMs;
            times.push({ at: clock.now, failed: outcome !== "done", endpoint });
            clock.traffic.ended(ended({ outcome: outcome as RequestRecord["outcome"], endpoint }));
          }
          const last = Math.floor(clock.now / stepMs);
          const within = times.filter(({ at }) => Math.floor(at / stepMs) > last - steps);
          for (const endpoint of [undefined, "a", "b"]) {
            const own = within.filter((one) => endpoint === undefined || one.endpoint === endpoint);
            const { requests: counted, errors, from } = historyOf(clock.traffic.lastHour(endpoint));
            const wanted = Array.from({ length: steps }, () => 0);
            for (const { at } of own) {
              const step = Math.floor((at - Date.parse(from)) / stepMs);
              wanted[step] = (wanted[step] ?? 0) + 1;
            }
            expect(counted).toEqual(wanted);
            const failed = Object.values(errors).flat();
            expect(failed.reduce((sum, count) => sum + count, 0)).toBe(
              own.filter((one) => one.failed).length,
            );
          }
          expect(clock.traffic.lastHourTotals()).toEqual({
            requests: within.length,
            errors: within.filter(({ failed }) => failed).length,
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  test("tells errors apart by how the request ended, or what its answer said", () => {
    const { traffic } = new Clocked(1e12);
    const all: Partial<RequestRecord>[] = [
      { status: 200 },
      { status: 304 },
      { status: 429 },
      { status: 503 },
      { status: 200, outcome: "upstream-stream" },
      { status: 503, outcome: "operator-wait" },
    ];
    for (const more of all) traffic.ended(ended(more));
    const { requests, errors } = historyOf(traffic.lastHour());
    expect(requests.at(-1)).toBe(6);
    expect(Object.fromEntries(Object.entries(errors).map(([name, counts]) => [name, counts.at(-1)]))).toEqual(
      {
        "answer-4xx": 1,
        "answer-5xx": 1,
        "operator-wait": 1,
        "upstream-stream": 1,
      },
    );
  });

  test("tells time to first token and tokens per second of streamed answers that an endpoint gave", () => {
    const { traffic } = new Clocked(1e12);
    const usage = { inputTokens: 5, outputTokens: 101 };
    for (let i = 0; i < 20; i += 1) traffic.ended(ended({ firstTokenMs: 1500, endedMs: 2500, usage }));
    // These tell nothing of either.
    traffic.ended(ended({ firstTokenMs: 1001, endedMs: 1002, usage, cache: "hit" }));
    traffic.ended(ended({ usage }));
    const { firstTokenMs, tokensPerSecond } = historyOf(traffic.lastHour("private"));
    for (const times of [firstTokenMs.p50, firstTokenMs.p95])
      expect((times.at(-1) ?? 0) / 500).toSatisfy((ratio: number) => ratio > 1 / 1.4 && ratio < 1.4);
    expect((tokensPerSecond.p50.at(-1) ?? 0) / 100).toSatisfy((r: number) => r > 1 / 1.4 && r < 1.4);
    expect(firstTokenMs.p50.at(-2)).toBeNull();
  });

  test("of several processes is their sum, also where they looked at different moments", () => {
    const a = new Clocked(1e12);
    const b = new Clocked(1e12);
    a.traffic.ended(ended());
    b.traffic.ended(ended({ endpoint: "other" }));
    const early = a.traffic.lastHour();
    b.now += stepMs;
    b.traffic.ended(ended());
    const { requests, endpoints, from } = historyOf(summed([early, b.traffic.lastHour()], b.now));
    expect(requests.slice(-2)).toEqual([2, 1]);
    expect(endpoints).toEqual(["other", "private"]);
    expect(Date.parse(from)).toBe(1e12 - (steps - 2) * stepMs);
    expect(historyOf(summed([], 1e12)).requests).toHaveLength(steps);
  });

  test("survives a clock that is set back", () => {
    const clock = new Clocked(1e12);
    clock.traffic.ended(ended());
    clock.now -= 7_200_000;
    clock.traffic.ended(ended());
    expect(clock.traffic.lastHourTotals()).toEqual({ requests: 1, errors: 0 });
  });
});
