import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createMetrics, metricNames } from "../../src/gateway/metrics.ts";

const page = readFileSync("docs/metrics.md", "utf8");
const documented = [
  ...page.matchAll(/^\| `(postern_[a-z_]+)` \| (counter|gauge|histogram) \| (.*?) \|/gm),
].map(([, name = "", type = "", labels = ""]) => ({
  name,
  type,
  labels: [...labels.matchAll(/`([a-z]+)`/g)].map(([, label]) => label),
}));

test("every metric is documented, and every documented metric exists", () => {
  expect(documented.map(({ name }) => name).toSorted()).toEqual(Object.values(metricNames).toSorted());
});

test("the documented types and labels are those of the registry", async () => {
  const empty = { destinations: new Map(), byModel: new Map(), fallback: undefined, peekBytes: 0 };
  const { registry } = createMetrics(() => empty);
  const ours = registry.getMetricsAsArray().filter(({ name }) => name.startsWith("postern_"));
  expect(ours.map(({ name }) => name).toSorted()).toEqual(Object.values(metricNames).toSorted());
  const text = await registry.metrics();
  for (const { name, type } of documented) expect(text).toContain(`# TYPE ${name} ${type}`);
});

test("every outcome of the type is documented", () => {
  const source = readFileSync("src/gateway/outcome.ts", "utf8");
  const phases = ["connect", "wait", "stream"];
  const outcomes = [
    "done",
    "postern-request",
    "postern-internal",
    "client-request",
    ...["client", "upstream", "timeout"].flatMap((by) => phases.map((phase) => `${by}-${phase}`)),
  ];
  for (const by of ["client", "upstream", "timeout"]) expect(source).toContain(`\`${by}-`);
  for (const outcome of outcomes) expect(page).toContain(`\`${outcome}\``);
});
