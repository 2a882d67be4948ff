import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Code, catalogue } from "../../src/errors/catalogue.ts";
import { PosternError, errorBody, problem } from "../../src/errors.ts";
import { Text } from "../../src/config/excerpt.ts";

const root = join(import.meta.dirname, "../..");
const document = readFileSync(join(root, "docs/errors.md"), "utf8");
const codes = Object.keys(catalogue) as Code[];

interface Row {
  readonly section: string;
  readonly code: string;
  readonly status: number;
  readonly exit: number;
  readonly retry: boolean;
  readonly meaning: string;
  readonly wayOut: string;
}

/** The rows of the document's tables, each with the heading that it stands under. */
function rows(text: string): Row[] {
  return text.split(/^## /m).flatMap((part) => {
    const section = part.split("\n", 1)[0] ?? "";
    return part
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => {
        const [code = "", status, exit, retry, meaning = "", wayOut = ""] = line.slice(2, -2).split(" | ");
        expect(["yes", "no"], line).toContain(retry);
        return {
          section,
          code: code.replaceAll("`", ""),
          status: Number(status),
          exit: Number(exit),
          retry: retry === "yes",
          meaning,
          wayOut,
        };
      });
  });
}

/** Every code with what its file's docstring calls the section, in the order in which the catalogue takes the files. */
function sections(): string[] {
  const read = (file: string): string => readFileSync(join(root, "src/errors", file), "utf8");
  const files = [...read("catalogue.ts").matchAll(/from "\.\/(.+)"/g)].map(([, file = ""]) => file);
  return files.flatMap((file) => {
    const source = read(file);
    const section = /^\/\*\* (.+)\. \*\/\nexport/m.exec(source)?.[1];
    return [...source.matchAll(/^ {2}(\w+): /gm)].map(([, code]) => `${section}: ${code}`);
  });
}

const wrong = new Text("admin: 5\n", "postern.yaml").at(
  { start: 7, end: 8 },
  ["admin"],
  "found 5",
  "quote it",
);

/** Details for any error: lists, counts, and words for everything else. */
const details = new Proxy(
  {},
  {
    get: (_, name) => {
      if (["endpoints", "known", "paths", "reasons"].includes(String(name))) return ["one", "two"];
      if (name === "problems") return [wrong, wrong];
      return ["found", "seen", "count"].includes(String(name)) ? 2 : "sample";
    },
  },
) as never;
const made = (code: Code): PosternError => problem(code, details);

describe("docs/errors.md", () => {
  const documented = rows(document);
  test("has a row for each code, in the catalogue's order and under its section's heading", () => {
    const standing = sections();
    expect(standing.map((line) => line.split(": ")[1])).toEqual(codes);
    expect(documented.map(({ section, code }) => `${section}: ${code}`)).toEqual(standing);
  });
  test.each(documented)(
    "$code has the catalogue's statuses and retry",
    ({ code, status, exit, retry, meaning, wayOut }) => {
      expect(codes).toContain(code);
      const entry = catalogue[code as Code];
      expect({ status, exit, retry }).toEqual({ status: entry.status, exit: entry.exit, retry: entry.retry });
      expect(meaning.length).toBeGreaterThan(10);
      expect(wayOut.length).toBeGreaterThan(10);
    },
  );
});

describe.each(codes)("%s", (code) => {
  const { message, hint } = made(code);
  test("speaks in lower case, without a full stop, of everything that it was told", () => {
    for (const words of [message, hint]) {
      // Postern's own name keeps its capital.
      expect(words.replace(/^Postern /, "")).toMatch(/^[a-z0-9"[]/);
      expect(words).not.toMatch(/[.!]$/);
      expect(words).not.toMatch(/undefined|\[object/);
    }
  });
  test("says the way out", () => expect(hint.length).toBeGreaterThan(5));
  test("has a body of OpenAI's shape", () => {
    const body = JSON.parse(errorBody(made(code))) as { readonly error: Readonly<Record<string, unknown>> };
    expect(Object.keys(body)).toEqual(["error"]);
    expect(Object.keys(body.error)).toEqual(["message", "type", "param", "code"]);
    expect(body.error).toMatchObject({ message: `${message} (${hint})`, code, type: catalogue[code].type });
    expect([null, "model"]).toContain(body.error["param"]);
  });
  test("has a status of an error, which matches its type", () => {
    const { status, type, retry } = catalogue[code];
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    if (type === "invalid_request_error")
      expect({ client: status < 500, retry }).toEqual({ client: true, retry: false });
  });
});

test("an error is an Error, with the cause kept for debugging and out of the body", () => {
  const cause = new Error("canary-of-the-cause");
  const error = problem("internal", { reason: "a bug" }, cause);
  expect(error).toBeInstanceOf(Error);
  expect(error).toBeInstanceOf(PosternError);
  expect(error.cause).toBe(cause);
  expect(errorBody(error)).not.toContain("canary");
});
