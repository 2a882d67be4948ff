import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { keys } from "../../src/config/file-keys.ts";
import { configSchema } from "../../src/config/schema.ts";
import { makeAuthority } from "../../src/vault/certificates/x509.ts";
import { bad, file, good } from "./support.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

test("the JSON Schema is the parser's own shape; if this fails, run: node tools/schema.ts", () => {
  expect(JSON.parse(read("config/postern.schema.json"))).toEqual(JSON.parse(JSON.stringify(configSchema())));
});

test("the JSON Schema refuses unknown keys and asks for url and credentials", () => {
  const text = read("config/postern.schema.json");
  expect(text).toContain('"required": [');
  expect(text.match(/"additionalProperties": false/g)?.length).toBeGreaterThanOrEqual(5);
});

describe("the example configuration", () => {
  const example = read("config/postern.example.yaml");
  let ca: string;
  beforeAll(async () => {
    const { certificate } = await makeAuthority({
      commonName: "ca.example.test",
      notBefore: new Date(),
      validDays: 1,
    });
    ca = certificate;
  });

  test("has no problem, and names its files beside itself", () => {
    const asked: string[] = [];
    const config = good(example, (path) => {
      asked.push(path);
      return ca;
    });
    expect(asked).toEqual(["/etc/postern/private-ca.pem"]);
    expect([...config.endpoints.keys()]).toEqual(["private-2", "serverless"]);
    expect(config.endpoints.get("private-2")?.ca).toBe(ca.trim() + "\n");
  });

  test("shows the defaults as the parser has them", () => {
    const { listen, admin, vault, identity, drainMs, limits, logLevel, endpoints } = good(example, () => ca);
    const defaults = good("");
    expect({ listen, admin, vault, identity, drainMs, limits, logLevel }).toEqual({
      listen: defaults.listen,
      admin: defaults.admin,
      vault: defaults.vault,
      identity: defaults.identity,
      drainMs: defaults.drainMs,
      limits: defaults.limits,
      logLevel: defaults.logLevel,
    });
    expect(endpoints.get("serverless")?.timeouts).toEqual(
      good("endpoints: { a: { url: a.test, credentials: t } }\n").endpoints.get("a")?.timeouts,
    );
  });

  test("explains every key", () => {
    for (const key of Object.keys(keys.shape)) expect(example).toMatch(new RegExp(`^${key}:`, "m"));
  });
});

test("the report in docs/configuration.md is the parser's own", () => {
  const shown = /```\nerror: [^\n]+\n(?<report>[^`]+)\nhint:/.exec(read("docs/configuration.md"))?.groups?.[
    "report"
  ];
  const text =
    "endpoints:\n  private-2:\n    url: a.test\n    credental: [gen-cert]\ntimeouts:\n  idle: 300\n";
  expect(shown?.replaceAll("/home/ada/.config/postern/postern.yaml", file)).toBe(bad(text).join("\n"));
});
