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

  test("when all have failed, they are asked in the order in which they are when all are well", () => {
    fc.assert(
      fc.property(some, choose, rolls, (candidates, rule, numbers) => {
        const orderWith = (share: number) =>
          names(
            ordered(
              candidates.map((each) => ({ ...each, share })),
              rule,
              rowOf(numbers),
            ),
          );
        expect(orderWith(0)).toEqual(orderWith(1));
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

  test("weighted puts those whose weight is 0 behind all others, in the order of the file", () => {
    fc.assert(
      fc.property(some, rolls, (candidates, numbers) => {
        const well = candidates.map((each) => ({ ...each, share: 1 }));
        const order = ordered(well, "weighted", rowOf(numbers));
        const idle = well.filter(({ weight }) => weight === 0);
        expect(order.slice(order.length - idle.length)).toEqual(idle);
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

/**
 * How often each order comes of all rows of random numbers that twelfths can make: exact wherever what is drawn from is
 * a divisor of twelve.
 */
function ordersOf(candidates: readonly Named[], rule: (typeof choosings)[number]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let roll = 0; roll < 12 ** candidates.length; roll += 1) {
    const row = candidates.map((_, at) => (Math.floor(roll / 12 ** at) % 12) / 12);
    const order = names(ordered(candidates, rule, rowOf(row))).join("");
    counts[order] = (counts[order] ?? 0) + 1;
  }
  return counts;
}

test("a weight is the probability of being the first, and of standing in for the first among the rest", () => {
  const weighted = [candidate(0, { weight: 0 }), candidate(1, { weight: 1 }), candidate(2, { weight: 3 })];
  expect(firsts(weighted, "weighted")).toEqual([0, 250, 750]);
  const all = 12 ** 3;
  expect(ordersOf([candidate(0), candidate(1, { weight: 2 }), candidate(2)], "weighted")).toEqual({
    "012": (all / 4) * (2 / 3),
    "021": (all / 4) * (1 / 3),
    "102": (all / 2) * (1 / 2),
    "120": (all / 2) * (1 / 2),
    "201": (all / 4) * (1 / 3),
    "210": (all / 4) * (2 / 3),
  });
});

test("one that has weight 0 stands in for nobody as long as another can: backup 0, a 1, b 1", () => {
  const orders = ordersOf([candidate(0, { weight: 0 }), candidate(1), candidate(2)], "weighted");
  expect(orders).toEqual({ "120": 12 ** 3 / 2, "210": 12 ** 3 / 2 });
});

test("equal loads are shared out evenly, also when the first of them fails", () => {
  const orders = ordersOf([candidate(0), candidate(1), candidate(2, { inFlight: 1 })], "least-in-flight");
  expect(orders).toEqual({ "012": 12 ** 3 / 2, "102": 12 ** 3 / 2 });
  const equal = ordersOf([candidate(0), candidate(1), candidate(2)], "least-in-flight");
  expect(Object.values(equal)).toEqual(Array.from({ length: 6 }, () => 12 ** 3 / 6));
});

test("one that returns comes first as often as its share says", () => {
  expect(firsts([candidate(0, { share: 0.25 }), candidate(1)], "in-order")).toEqual([250, 750]);
  expect(firsts([candidate(0, { share: 0 }), candidate(1)], "in-order")).toEqual([0, 1000]);
});
