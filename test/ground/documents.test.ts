import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, test } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import type { Io } from "../../src/cli/io.ts";
import { actions } from "../../src/vault/audit/action.ts";
import { keys } from "../../src/config/file-keys.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const all = (pattern: string): string =>
  globSync(pattern, { cwd: root })
    .map((path) => read(path))
    .join("\n");

const documents = all("docs/*.md") + read("README.md");

/** Those of the words that stand nowhere in a text as words of their own. */
const missing = (words: Iterable<string>, text: string): readonly string[] =>
  [...new Set(words)].filter((word) => !new RegExp(`(?<![\\w-])${word}(?![\\w-])`, "i").test(text));

/** The long names of a command's options, and of its subcommands'. */
const optionsOf = (command: Command): readonly string[] => [
  ...command.options.flatMap(({ long }) => long ?? []),
  ...command.commands.flatMap(optionsOf),
];

/** What a JSON Schema calls the properties of its objects, at every depth. */
function propertiesIn(schema: unknown): readonly string[] {
  if (schema === null || typeof schema !== "object") return [];
  const own = "properties" in schema ? Object.keys(schema.properties as object) : [];
  return own.concat(Object.values(schema).flatMap(propertiesIn));
}

describe("the documents tell of", () => {
  test("every option of every command", async () => {
    const modules = await Promise.all(commands.map(({ load }) => load()));
    const options = modules.flatMap(({ define }) => optionsOf(define({} as Io)));
    expect(options.length).toBeGreaterThan(50);
    expect(missing(options, documents)).toEqual([]);
  });

  test("every key of the configuration, in the example too", () => {
    const names = propertiesIn(keys.toJSONSchema({ io: "input" }));
    expect(names).toContain("tokens-per-minute");
    expect(missing(names, documents)).toEqual([]);
    expect(missing(names, read("config/postern.example.yaml"))).toEqual([]);
  });

  test("every header of our own", () => {
    const headers = all("src/**/*.{ts,tsx}").match(/\bx-postern(?:-[a-z]+)+/gi) ?? [];
    expect(headers.length).toBeGreaterThan(5);
    expect(missing(headers, documents)).toEqual([]);
  });

  test("every field of a request's line in the log", () => {
    const source = read("src/gateway/request-log.ts");
    const fields = [...source.matchAll(/\b(?:word|text|number|since)\("(\w+)"|[,{]"(\w+)":/g)];
    const [, section = ""] = read("docs/metrics.md").split("\n## The log\n");
    expect(fields.length).toBeGreaterThan(15);
    expect(
      missing(
        fields.map(([, member, fixed]) => member ?? fixed ?? ""),
        section.split("\n## ")[0] ?? "",
      ),
    ).toEqual([]);
  });

  test("every action in the record of the vault's use", () => {
    const [, section = ""] = read("docs/keeping.md").split("\n## The record\n");
    expect(
      missing(
        actions.map((action) => `\`${action}\``),
        section,
      ),
    ).toEqual([]);
  });
});

describe("CONTRIBUTING.md tells of", () => {
  const contributing = read("CONTRIBUTING.md");
  test("every script of package.json", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const lines = Object.keys(scripts).map((name) =>
      ["start", "test"].includes(name) ? `npm ${name}` : `npm run ${name}`,
    );
    expect(missing(lines, contributing)).toEqual([]);
  });
  test("everything at the top of src", () => {
    const names = globSync("src/*", { cwd: root }).map((path) => path.slice("src/".length));
    expect(missing(names, contributing)).toEqual([]);
  });
});
