import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RetryBudget } from "../../src/gateway/attempts/retry-budget.ts";

test("retries are no more than the share of the requests, 2 a second and 20, whatever the load", () => {
  const steps = fc.array(fc.record({ requests: fc.nat(30), tries: fc.nat(30), ms: fc.nat(2000) }), {
    maxLength: 50,
  });
  fc.assert(
    fc.property(steps, fc.double({ min: 0, max: 1, noNaN: true }), (load, share) => {
      const budget = new RetryBudget();
      let [nowMs, requests, taken] = [0, 0, 0];
      for (const step of load) {
        nowMs += step.ms;
        for (let i = 0; i < step.requests; i += 1) budget.requested(share);
        for (let i = 0; i < step.tries; i += 1) taken += budget.take(nowMs) ? 1 : 0;
        requests += step.requests;
      }
      expect(taken).toBeLessThanOrEqual(share * requests + (2 * nowMs) / 1000 + 20 + 1e-6);
    }),
  );
});

test("a steady load may be retried up to its share", () => {
  const budget = new RetryBudget();
  while (budget.take(0)) continue;
  let taken = 0;
  for (let i = 0; i < 1000; i += 1) {
    budget.requested(0.25);
    if (budget.take(0)) taken += 1;
  }
  expect(taken).toBe(250);
});

test("what was used up comes back with time", () => {
  const budget = new RetryBudget();
  while (budget.take(0)) continue;
  expect(budget.take(499)).toBe(false);
  expect(budget.take(500)).toBe(true);
  expect(budget.take(500)).toBe(false);
});
