import { expect, test } from "vitest";
import { watchPage } from "./live-page-load.ts";

test("beside 50 requests a second and 200 open streams the page shows at most 200 rows, and holds no more and more", async () => {
  const { held } = await watchPage({ streams: 200, requestsPerSecond: 50, parts: 3, partMs: 20_000 });
  for (const { rows } of held) {
    expect(rows).toBeGreaterThan(100);
    expect(rows).toBeLessThanOrEqual(200);
  }
  const nodes = held.map(({ domNodes }) => domNodes);
  // The rows that went are gone; twice as many would mean that something keeps them.
  expect(nodes.at(-1)).toBeLessThan(2 * (nodes[0] ?? 0));
});
