import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Instruction {
  readonly word: string;
  readonly rest: string;
}

/** The instructions of a Dockerfile, continued lines joined. */
const instructions: Instruction[] = read("Dockerfile")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => ({ word: line.split(" ", 1)[0] ?? "", rest: line.slice(line.indexOf(" ") + 1) }));

const of = (word: string, among: readonly Instruction[] = instructions): string[] =>
  among.filter((one) => one.word === word).map(({ rest }) => rest);
const last = instructions.slice(instructions.findLastIndex(({ word }) => word === "FROM"));

test("the image stands on the very Node that the project is developed on", () => {
  const runtime = JSON.parse(read("tools/runtime/package.json")) as {
    optionalDependencies: Record<string, string>;
  };
  const [version] = Object.values(runtime.optionalDependencies);
  expect(of("FROM")).toEqual([
    `docker.io/library/node:${version}-bookworm-slim AS base`,
    "base AS build",
    "base",
  ]);
});

test("what runs is a user without rights, by number, and nothing comes after it as root", () => {
  expect(of("USER", last)).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  const afterUser = last.slice(last.findIndex(({ word }) => word === "USER") + 1).map(({ word }) => word);
  expect(afterUser).not.toContain("COPY");
  expect(afterUser).not.toContain("RUN");
});

test("it says how it is, how it is stopped and what it does, without a shell between", () => {
  expect(of("HEALTHCHECK", last)).toEqual([expect.stringMatching(/CMD \["postern-probe"\]$/)]);
  expect(of("STOPSIGNAL", last)).toEqual(["SIGTERM"]);
  expect(of("ENTRYPOINT", last)).toEqual(['["postern"]']);
  expect(of("CMD", last)).toEqual(['["serve"]']);
});

test("the console's pages are in the image: built after the bundle, which clears the folder first", () => {
  expect(of("RUN").at(-1)).toBe("node_modules/.bin/rolldown -c && node_modules/.bin/vite build");
});

test("the compiler and the sources stay in the build stage", () => {
  expect(of("COPY", last)).toEqual(["--from=build /build/dist dist", "bin bin", "package.json LICENSE ./"]);
  expect(of("RUN", last)).toEqual([]);
});

test("no secret can get in: none is asked for, and the builder sees only what is copied", () => {
  expect(of("ARG")).toEqual([]);
  expect(of("ADD")).toEqual([]);
  expect(of("ENV").join(" ")).not.toMatch(/secret|token|password|credential|api_key/i);
  const copied = of("COPY")
    .filter((rest) => !rest.startsWith("--from"))
    .flatMap((rest) => rest.split(" ").slice(0, -1))
    .map((path) => path.replace(/\/package\.json$/, "").split("/")[0] ?? "");
  const lines = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines[0]).toBe("*");
  const admitted = lines
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1).split("/")[0] ?? "");
  expect([...new Set(admitted)].sort()).toEqual([...new Set(copied)].sort());
});
