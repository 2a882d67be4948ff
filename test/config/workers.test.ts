import { expect, test } from "vitest";
import { parseWorkers } from "../../src/config/workers.ts";

test.each([1, 2, 256, "auto"])("workers: %s is taken", (found) => {
  expect(parseWorkers(found)).toEqual({ value: found });
});

test.each([
  [0, "found 0"],
  [257, "found 257"],
  [-1, "found -1"],
  [2.5, "found 2.5"],
  [Number.NaN, "found null"],
  [true, "found true"],
  [null, "found nothing"],
  ["2", 'found "2"'],
  ["Auto", 'found "Auto"'],
  [[2], "found a list"],
  [{}, "found a map"],
])("workers: %o is not, and the message shows it", (found, words) => {
  const wrong = `${words}; wanted auto or a whole number from 1 to 256`;
  expect(parseWorkers(found)).toMatchObject({
    wrong,
    wayOut: expect.stringContaining("workers: auto") as string,
  });
});
