import { describe, expect, test } from "vitest";
import { bad, good } from "./support.ts";

const text = (rest: string): string => `
endpoints: { one: { url: one.test, credentials: t } }
keys:
  editor:
    hash: sha256:${"a".repeat(64)}
${rest}
`;

test("a key without endpoints, models and limits may use all of them", () => {
  expect(good(text("")).keys?.get("editor")).toMatchObject({ endpoints: [], models: [], limits: {} });
});

describe("a key whose restriction is empty is refused, not without it", () => {
  test.each([
    [
      "endpoints",
      "    endpoints:\n      # - one",
      "endpoints: [private-2], or remove this line, which allows all",
    ],
    ["models", "    models:\n      # - m", "or remove this line, which allows all models"],
    [
      "limits",
      "    limits:\n      # concurrency: 1",
      "or remove this line, which allows any number of requests",
    ],
    ["limits.concurrency", "    limits: { concurrency: }", "write it as in concurrency: 4"],
  ])("%s", (key, rest, wayOut) => {
    const problems = bad(text(rest));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`keys.editor.${key}: found nothing; wanted `);
    expect(problems[0]).toContain(wayOut);
  });
  test.each(["endpoints: ~", "models: null", "endpoints: []", "models: ['']"])("%s", (rest) => {
    expect(bad(text(`    ${rest}`))).toHaveLength(1);
  });
});

test("what opens the gateway to others stays shut where it is empty", () => {
  const config = good("keys:\nallow-origins:\nallow-hosts:\nrenew:\nendpoints:\n");
  expect(config).toMatchObject({ keys: new Map(), allowOrigins: [], allowHosts: [], renew: [] });
});
