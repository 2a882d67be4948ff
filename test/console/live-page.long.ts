import { expect, test } from "vitest";
import { watchPage } from "./live-page-load.ts";

/** What a heap breathes. */
const growthBytes = 8_000_000;

test("beside 50 requests a second and 200 open streams no task of the page takes 100 ms, and it is as large after ten minutes", async () => {
  const { held, longTasks } = await watchPage({
    streams: 200,
    requestsPerSecond: 50,
    parts: 10,
    partMs: 60_000,
  });
  for (const { rows } of held) expect(rows).toBeLessThanOrEqual(200);
  const [, second, ...rest] = held;
  expect((rest.at(-1)?.heapBytes ?? 0) - (second?.heapBytes ?? 0)).toBeLessThan(growthBytes);
  // Of processor time: by the clock, a task also waits for whatever else the machine does.
  expect(longTasks.filter(({ cpuMs }) => cpuMs > 100)).toEqual([]);
}, 900_000);
