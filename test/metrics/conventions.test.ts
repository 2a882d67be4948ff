import { describe, expect, test } from "vitest";
import { chat, pass, stage } from "./stage.ts";

const operation = ["gen_ai.operation.name", "gen_ai.provider.name"];

/**
 * What we have of OpenTelemetry's semantic conventions for generative AI, word for word: the metrics with their units,
 * the buckets that they "SHOULD be specified with", the attributes that are required and those that depend on the case
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/).
 */
const conventions = [
  {
    name: "gen_ai.server.request.duration",
    unit: "s",
    buckets: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    required: operation,
    conditional: ["gen_ai.request.model", "error.type"],
  },
  {
    name: "gen_ai.server.time_to_first_token",
    unit: "s",
    buckets: [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    required: operation,
    conditional: ["gen_ai.request.model"],
  },
  {
    name: "gen_ai.server.time_per_output_token",
    unit: "s",
    buckets: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
    required: operation,
    conditional: ["gen_ai.request.model"],
  },
  {
    name: "gen_ai.client.token.usage",
    unit: "{token}",
    buckets: [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    required: [...operation, "gen_ai.token.type"],
    conditional: ["gen_ai.request.model"],
  },
] as const;

/** As Prometheus writes a name: with its unit, and without dots; units in braces are left out. */
const written = (name: string, unit = ""): string =>
  `${name.replaceAll(".", "_")}${unit === "s" ? "_seconds" : ""}`;

/** The page of metrics after a good chat, a failed one, and one with a model that the configuration does not name. */
async function page(): Promise<string> {
  const metrics = stage();
  for (const change of [{}, { status: 500 }, { model: "who/knows" }]) pass(metrics, chat(change));
  return (await metrics.exposition()).text;
}

/** The labels of each line of a metric. */
const labelsOf = (text: string, name: string): Readonly<Record<string, string>>[] =>
  [...text.matchAll(new RegExp(`^${name}\\{(.*)\\} \\S+$`, "gm"))].map(([, labels = ""]) =>
    Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = "", value = ""]) => [label, value]),
    ),
  );

test("every metric under the conventions' name is one of theirs, and a histogram", async () => {
  const types = [...(await page()).matchAll(/^# TYPE (gen_ai_\w+) (\w+)$/gm)];
  expect(Object.fromEntries(types.map(([, name, type]) => [name, type]))).toEqual(
    Object.fromEntries(conventions.map(({ name, unit }) => [written(name, unit), "histogram"])),
  );
});

describe.each(conventions)("$name", ({ name, unit, buckets, required, conditional }) => {
  test("has the buckets of the conventions, in every series", async () => {
    const lines = labelsOf(await page(), `${written(name, unit)}_bucket`);
    const series = Map.groupBy(lines, ({ le: _bound, ...others }) => JSON.stringify(others));
    expect(series.size).toBeGreaterThan(0);
    for (const each of series.values())
      expect(each.map(({ le }) => le)).toEqual([...buckets.map(String), "+Inf"]);
  });

  test("has the labels of the conventions, and the endpoint in the place of the server's address", async () => {
    const all = labelsOf(await page(), `${written(name, unit)}_count`).map((labels) => Object.keys(labels));
    const always = ["endpoint", ...required.map((attribute) => written(attribute))];
    for (const labels of all) expect(labels).toEqual(expect.arrayContaining(always));
    const known = [...always, ...conditional.map((attribute) => written(attribute))];
    expect([...new Set(all.flat())].toSorted()).toEqual(known.toSorted());
  });
});
