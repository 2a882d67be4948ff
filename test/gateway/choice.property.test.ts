import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choosings } from "../../src/config/config.ts";
import { type Candidate, ordered } from "../../src/gateway/attempts/choice.ts";

interface Named extends Candidate {
  readonly name: number;
}

const one = fc.record({
  weight: fc.nat(5),
  inFlight: fc.nat(5),
  share: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
});
const some = fc
  .array(one, { minLength: 1, maxLength: 6 })
  .map((all) => all.map((candidate, name): Named => ({ ...candidate, name })));
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const choose = fc.constantFrom(...choosings);

const names = (candidates: readonly Named[]): number[] => candidates.map(({ name }) => name);

/** Numbers from a fixed row, over and over. */
function rowOf(numbers: readonly number[]): () => number {
  let at = 0;
  return () => numbers[at++ % numbers.length] ?? 0;
}

const rolls = fc.array(chance, { minLength: 1, maxLength: 8 });
const candidate = (name: number, change: Partial<Candidate> = {}): Named => ({
  name,
  weight: 1,
  inFlight: 0,
  share: 1,
  ...change,
});

describe("whatever is known of the endpoints", () => {
  test("every one of them is asked, and none twice", () => {
    fc.assert(
      fc.property(some, choose, rolls, (candidates, rule, numbers) => {
        const order = names(ordered(candidates, rule, rowOf(numbers)));
        expect(order.toSorted((a, b) => a - b)).toEqual(names(candidates));
      }),
    );
  });

  test("no failed one is asked before one that is well or returns", () => {
    fc.assert(
      fc.property(some, choose, rolls, (candidates, rule, numbers) => {
        const failed = ordered(candidates, rule, rowOf(numbers)).map(({ share }) => share === 0);
        expect(failed).toEqual(failed.toSorted((a, b) => Number(a) - Number(b)));
      }),
    );
  });

  test("when all have failed, they are asked in the order of the file", () => {
    fc.assert(
      fc.property(some, choose, rolls, (candidates, rule, numbers) => {
        const failed = candidates.map((each) => ({ ...each, share: 0 }));
        expect(names(ordered(failed, rule, rowOf(numbers)))).toEqual(names(candidates));
      }),
    );
  });

  test("in-order keeps the order of those that are well", () => {
    fc.assert(
      fc.property(some, rolls, (candidates, numbers) => {
        const well = candidates.map((each) => ({ ...each, share: 1 }));
        expect(names(ordered(well, "in-order", rowOf(numbers)))).toEqual(names(candidates));
      }),
    );
  });

  test("least-in-flight asks them from the one with the fewest requests to the one with the most", () => {
    fc.assert(
      fc.property(some, rolls, (candidates, numbers) => {
        const well = candidates.map((each) => ({ ...each, share: 1 }));
        const loads = ordered(well, "least-in-flight", rowOf(numbers)).map(({ inFlight }) => inFlight);
        expect(loads).toEqual(loads.toSorted((a, b) => a - b));
      }),
    );
  });

  test("weighted puts nobody first whose weight is 0, as long as another has one, and keeps the rest in order", () => {
    fc.assert(
      fc.property(some, chance, (candidates, number) => {
        const well = candidates.map((each) => ({ ...each, share: 1 }));
        const order = ordered(well, "weighted", () => number);
        if (well.some(({ weight }) => weight > 0)) expect(order[0]?.weight).toBeGreaterThan(0);
        expect(names(order.slice(1))).toEqual(names(order.slice(1)).toSorted((a, b) => a - b));
      }),
    );
  });
});

/** How often each comes first when the random numbers are evenly spread. */
function firsts(candidates: readonly Named[], rule: (typeof choosings)[number], steps = 1000): number[] {
  const counts = candidates.map(() => 0);
  for (let step = 0; step < steps; step += 1) {
    const [first] = ordered(candidates, rule, () => step / steps);
    if (first !== undefined) counts[first.name] = (counts[first.name] ?? 0) + 1;
  }
  return counts;
}

test("a weight is the probability of being the first", () => {
  const weighted = [candidate(0, { weight: 3 }), candidate(1, { weight: 1 }), candidate(2, { weight: 0 })];
  expect(firsts(weighted, "weighted")).toEqual([750, 250, 0]);
});

test("equal loads are shared out evenly", () => {
  const equal = [candidate(0), candidate(1), candidate(2, { inFlight: 1 }), candidate(3)];
  const [a = 0, b = 0, busy = 0, d = 0] = firsts(equal, "least-in-flight", 999);
  expect([a, b, busy, d]).toEqual([333, 333, 0, 333]);
});

test("one that returns comes first as often as its share says", () => {
  expect(firsts([candidate(0, { share: 0.25 }), candidate(1)], "in-order")).toEqual([250, 750]);
  expect(firsts([candidate(0, { share: 0 }), candidate(1)], "in-order")).toEqual([0, 1000]);
});
