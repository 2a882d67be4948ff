import { expect, test } from "vitest";
import { sharedModels } from "../../src/cli/endpoint/shared-models.ts";
import { good, postern } from "../config/support.ts";
import { Folder } from "../support/folder.ts";

const text = (more: string): string => `
endpoints:
  a: { url: a.test, credentials: t, models: [m, alone] }
  b: { url: b.test, credentials: t, aliases: { m: n } }
${more}
`;

test.each([
  ["", "a, then b"],
  ["models: { m: { choose: in-order } }", "a, then b"],
  ["models: { m: { choose: weighted, weights: { b: 3 } } }", "a (weight 1), b (weight 3)"],
  ["models: { m: { choose: least-in-flight } }", "a, b: the one with the fewest requests in flight"],
])("a model of several endpoints says how they share it: %s", (more, says) => {
  expect(sharedModels(good(text(more)))).toEqual([{ model: "m", text: says }]);
});

test("postern endpoint list and postern check show it", async () => {
  using folder = new Folder();
  folder.write("postern.yaml", text(""));
  const config = folder.file("postern.yaml");
  const { stdout } = await postern(folder, ["endpoint", "list", "--config", config]);
  expect(stdout).toMatch(/\n\nSHARED MODEL +ENDPOINTS\nm +a, then b\n$/);
  expect((await postern(folder, ["check", "--config", config])).stdout).toMatch(/^ok +model m +a, then b$/m);
});
