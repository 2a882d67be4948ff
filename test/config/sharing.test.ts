import { describe, expect, test } from "vitest";
import { bad, good } from "./support.ts";

const two = `
endpoints:
  one: { url: one.test, credentials: t, models: [m] }
  two: { url: two.test, credentials: t, aliases: { m: n } }
`;

test("what is not written has its default", () => {
  const { models, retries, ejection, endpoints } = good(two);
  expect(models).toEqual(new Map());
  expect(retries).toEqual({ attempts: 3, budget: 0.2, mostWaitMs: 5000 });
  expect(ejection).toEqual({ after: 5, forMs: 30_000 });
  expect(endpoints.get("one")?.probe).toBeUndefined();
});

test("every key is taken", () => {
  const { models, retries, ejection, endpoints } = good(`
models: { m: { choose: weighted, weights: { one: 3, two: 0 } } }
retries: { attempts: 1, budget: 12.5%, most-wait: 0 }
ejection: { after: 0, for: 1m }
endpoints:
  one: { url: one.test, credentials: t, models: [m], probe: { path: "/health?deep=1", every: 90s } }
  two: { url: two.test, credentials: t, aliases: { m: n }, probe: { path: / } }
`);
  const weights = new Map([
    ["one", 3],
    ["two", 0],
  ]);
  expect(models).toEqual(new Map([["m", { choose: "weighted", weights }]]));
  expect(retries).toEqual({ attempts: 1, budget: 0.125, mostWaitMs: 0 });
  expect(ejection).toEqual({ after: 0, forMs: 60_000 });
  expect(endpoints.get("one")?.probe).toEqual({ path: "/health?deep=1", everyMs: 90_000 });
  expect(endpoints.get("two")?.probe).toEqual({ path: "/", everyMs: 10_000 });
});

const cases: readonly (readonly [name: string, text: string, ...says: readonly string[]])[] = [
  ["a model that nobody serves", "models: { k: {} }", 'models.k: no endpoint serves the model "k"'],
  ["one that is misspelt", "models: { M: {} }", 'did you mean "m"?'],
  ["a rule that is none", "models: { m: { choose: least-in-fligt } }", 'did you mean "least-in-flight"?'],
  [
    "weights of an endpoint that does not serve it",
    "models: { m: { choose: weighted, weights: { tow: 1 } } }",
    'models.m.weights.tow: the endpoint "tow" does not serve the model "m"; those that do: one, two',
    'did you mean "two"?',
  ],
  [
    "weights that count for nothing",
    "models: { m: { weights: { one: 2 } } }",
    "models.m.weights: weights count for nothing with choose: in-order",
    "write choose: weighted",
  ],
  [
    "half a weight",
    "models: { m: { choose: weighted, weights: { one: 0.5 } } }",
    "found 0.5; wanted a whole number from 0 to 1000",
  ],
  ["no attempt", "retries: { attempts: 0 }", "retries.attempts: found 0; wanted a whole number from 1 to 10"],
  ["a budget without its sign", "retries: { budget: 20 }", "retries.budget"],
  ["a budget of more than all", "retries: { budget: 101% }", "wanted a share from 0% to 100%", '"20%"'],
  ["a wait without its unit", "retries: { most-wait: 5 }", "found the bare number 5"],
  ["failures that are none", "ejection: { after: -1 }", "wanted a whole number from 0 to 1000"],
  ["a time without its unit", "ejection: { for: 30 }", "found the bare number 30"],
  [
    "an ejection of no time",
    "ejection: { for: 0 }",
    "ejection.for: found 0; wanted a time from 1ms",
    "after: 0",
  ],
  [
    "one with its unit",
    "ejection: { for: 0s }",
    "ejection.for: found 0s; wanted a time from 1ms",
    "after: 0",
  ],
  ["an unknown key", "retries: { attemps: 2 }", 'did you mean "attempts"?'],
];

describe("is a problem that names its key and the way out", () => {
  test.each(cases)("%s", (_name, text, ...says) => {
    const problems = bad(`${two}${text}\n`);
    expect(problems).toHaveLength(1);
    for (const words of says) expect(problems[0]).toContain(words);
  });

  const probes: readonly (readonly [name: string, probe: string, ...says: readonly string[]])[] = [
    ["a probe without a path", "{ every: 10s }", 'probe.path: the key "path" is missing', "path: /health"],
    ["a probe of another host", "{ path: https://x.test/ }", "wanted a path of the endpoint's origin"],
    ["a probe's path with a space", '{ path: "/a b" }', "wanted a path of the endpoint's origin"],
    ["a probe that never rests", "{ path: /, every: 10ms }", "probe.every: found less than 1s"],
    ["a probe that is only a path", "/health", "wanted a map of keys and values"],
  ];
  test.each(probes)("%s", (_name, probe, ...says) => {
    const problems = bad(`endpoints: { one: { url: one.test, credentials: t, probe: ${probe} } }\n`);
    expect(problems).toHaveLength(1);
    for (const words of says) expect(problems[0]).toContain(words);
  });
});
