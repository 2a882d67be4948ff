import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { codeFor, placeOf, settingsFor, type Snippet } from "../../src/admin/console/endpoints/snippets.ts";

const local = "http://127.0.0.1:8080/private/v1";
const of = (model: string, demandsKeys = false, base = local) =>
  placeOf(base, { endpoint: "private", model, demandsKeys });
const codeOf = (snippets: readonly Snippet[], id: string): string =>
  snippets.find((snippet) => snippet.id === id)?.code ?? "";

/** What a program gets as its arguments when a shell reads this command. */
const argumentsOf = (program: string, command: string): readonly string[] =>
  execFileSync("sh", ["-c", `${program}() { printf '%s\\0' "$@"; }\n${command}`], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);

/** What a file or an environment can hold. */
const name = fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("\0"));

test("whatever a model is called, a shell reads its name as one text, and runs nothing of it", () => {
  fc.assert(
    fc.property(
      fc.oneof(name, fc.constantFrom("'; exit 7; '", "$(exit 7)", "`exit 7`", "a\nexit 7", "!!")),
      (model) => {
        const args = argumentsOf("curl", codeOf(codeFor(of(model)), "curl"));
        expect(args[0]).toBe(`${local}/chat/completions`);
        expect(JSON.parse(args.at(-1) ?? "")).toMatchObject({ model });
        expect(argumentsOf("aider", codeOf(settingsFor(of(model)), "aider"))).toEqual([
          "--model",
          `openai/${model}`,
        ]);
      },
    ),
    { numRuns: 30 },
  );
});

test("a key is asked for only where one is demanded", () => {
  const all = (demanded: boolean): string =>
    [...codeFor(of("m", demanded)), ...settingsFor(of("m", demanded))].map(({ code }) => code).join("\n");
  expect(all(false)).not.toContain("YOUR_LOCAL_KEY");
  expect(codeOf(codeFor(of("m")), "curl")).not.toContain("Authorization");
  expect(codeOf(codeFor(of("m", true)), "curl")).toContain("Authorization: Bearer YOUR_LOCAL_KEY");
  expect(all(true)).not.toContain("no-key-needed");
});

test("behind a Unix socket curl is told of it", () => {
  const place = of("m", false, "http://localhost/private/v1 on unix:/run/postern.sock");
  const args = argumentsOf("curl", codeOf(codeFor(place), "curl"));
  expect(args.slice(0, 3)).toEqual([
    "http://localhost/private/v1/chat/completions",
    "--unix-socket",
    "/run/postern.sock",
  ]);
});
