import { describe, expect, test } from "vitest";
import { problem } from "../../src/errors.ts";
import { LineUp } from "../../src/gateway/attempts/line-up.ts";
import { Standing } from "../../src/gateway/attempts/standing.ts";
import type { Destination } from "../../src/gateway/directory.ts";
import { good } from "../config/support.ts";

/** Of the three endpoints, the last one has a cache. */
const { endpoints } = good(`
endpoints:
  a: { url: https://a.test/v1, credentials: t }
  b: { url: https://b.test/v1, credentials: t }
  c: { url: https://c.test/v1, credentials: t, cache: {} }
`);

interface Stage {
  /** How long endpoints pause, from time 0 on; 0 where it is not said. */
  readonly pauses?: Readonly<Record<string, number>>;
  /** Those that nothing may be sent to. */
  readonly barred?: readonly string[];
  /** Those that have kept the answer. */
  readonly kept?: readonly string[];
}

const missing = (endpoint: string) => problem("credential_missing", { endpoint, item: "t" });

/** A line-up of all three at time 0, and the names of those for which it has had the request prepared. */
function lineUp({ pauses = {}, barred = [], kept = [] }: Stage) {
  const prepared: string[] = [];
  const destinations = [...endpoints.values()].map((endpoint): Destination => {
    const standing = new Standing();
    standing.pause(pauses[endpoint.name] ?? 0);
    return { endpoint, way: missing(endpoint.name), standing };
  });
  const row = new LineUp("m", destinations, ({ endpoint: { name } }) => {
    prepared.push(name);
    if (barred.includes(name)) throw missing(name);
    const request = { method: "POST", target: "/v1/x", headers: [], body: undefined };
    const send = () => {
      throw new Error("nothing is sent here");
    };
    return { request, kept: kept.includes(name), send };
  });
  const next = (mostWaitMs = 0) => {
    const found = row.next(0, mostWaitMs);
    return found && [found.destination.endpoint.name, found.waitMs];
  };
  return { row, next, prepared };
}

describe("what is sent is prepared", () => {
  test("for the first one alone, where it can be asked", () => {
    const { next, prepared } = lineUp({});
    expect([next(), prepared]).toEqual([["a", 0], ["a"]]);
  });

  test("for none that pauses, where another one can be asked", () => {
    const { next, prepared } = lineUp({ pauses: { a: 60_000 } });
    expect([next(), prepared]).toEqual([["b", 0], ["b"]]);
  });

  test("for one that pauses only if it can have kept the answer, which is given then", () => {
    const stage = { pauses: { a: 60_000, b: 60_000, c: 90_000 } };
    const kept = lineUp({ ...stage, kept: ["c"] });
    expect([kept.next(), kept.prepared]).toEqual([["c", 0], ["c"]]);
  });

  test("for the one whose pause is over first, where all pause", () => {
    const { next, prepared } = lineUp({ pauses: { a: 300, b: 200, c: 400 } });
    expect([next(250), new Set(prepared)]).toEqual([["b", 200], new Set(["b", "c"])]);
  });
});

describe("one that pauses, and that nothing may be sent to", () => {
  const pauses = { a: 100, b: 200, c: 300 };

  test("is not waited for", () => {
    const { row, next } = lineUp({ pauses, barred: ["a", "c"] });
    expect(next(1000)).toEqual(["b", 200]);
    expect(row.notes).toEqual(["c: credential_missing", "a: credential_missing"]);
  });

  test("is passed over for good, like the others, and noted once", () => {
    const { row, next } = lineUp({ pauses, barred: ["a", "b", "c"] });
    expect([next(1000), next(1000)]).toEqual([undefined, undefined]);
    expect(row.notes).toHaveLength(3);
    expect(row.notePauses(0)).toBeUndefined();
    expect(row.barred?.error.code).toBe("credential_missing");
  });
});
