import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Module, readModule, readModules } from "./modules.ts";
import { cycles, edges, importTimeWork, undeclaredPackages, wrongEdges } from "./rules.ts";

const root = join(import.meta.dirname, "../..");
const modules = readModules(root);
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

describe("the sources", () => {
  test("are found", () => {
    expect(modules.map(({ path }) => path)).toEqual(expect.arrayContaining(["src/main.ts", "src/errors.ts"]));
  });
  test("import along the order of the rooms only", () => expect(wrongEdges(modules)).toEqual([]));
  test("have no cycle of imports, type imports included", () => expect(cycles(modules)).toEqual([]));
  test("import only packages that are installed with Postern", () =>
    expect(undeclaredPackages(modules, Object.keys(dependencies))).toEqual([]));
  test("hold no state and do no work when they are imported", () =>
    expect(importTimeWork(modules)).toEqual([]));
});

const module = (path: string, ...imports: string[]): Module => ({ path, imports, doings: [] });
const fileIn: Record<string, string> = {
  leaf: "src/errors.ts",
  app: "src/app.ts",
  main: "src/main.ts",
  worker: "src/worker.ts",
  thread: "src/thread.ts",
  console: "src/admin/console/x.ts",
};
const sample = (room: string): string => fileIn[room] ?? `src/${room}/x.ts`;

describe("the rules", () => {
  test.each(edges.filter(({ allowed }) => !allowed))("refuse $from → $to", ({ from, to }) => {
    expect(wrongEdges([module(sample(from), sample(to))])).toEqual([
      `${sample(from)} (${from}) must not import ${sample(to)} (${to})`,
    ]);
  });
  test.each(edges.filter(({ allowed }) => allowed))("allow $from → $to", ({ from, to }) => {
    expect(wrongEdges([module(sample(from), sample(to))])).toEqual([]);
  });
  test("let no room import main.ts or worker.ts, and gateway, admin and brokers not each other", () => {
    const allowed = edges.filter((edge) => edge.allowed);
    const sideways = new Set<string>(["gateway", "admin", "brokers"]);
    expect(allowed.filter(({ to }) => to === "main" || to === "worker")).toEqual([]);
    expect(allowed.filter(({ from, to }) => sideways.has(from) && sideways.has(to))).toEqual([]);
  });
  test("refuse a file that stands in no room, and one that reaches out of src", () => {
    expect(wrongEdges([module("src/helpers.ts")])).toEqual(["src/helpers.ts stands in no room"]);
    expect(wrongEdges([module("src/util/x.ts")])).toEqual(["src/util/x.ts stands in no room"]);
    expect(wrongEdges([module("src/cli/x.ts", "test/support/packages.ts")])).toHaveLength(1);
  });
  test("see a cycle of one file, of two, and of three behind a longer way", () => {
    expect(cycles([module("a.ts", "a.ts")])).toEqual(["a.ts → a.ts"]);
    expect(cycles([module("a.ts", "b.ts"), module("b.ts", "a.ts")])).toEqual(["a.ts → b.ts → a.ts"]);
    expect(
      cycles([
        module("start.ts", "a.ts"),
        module("a.ts", "b.ts"),
        module("b.ts", "c.ts"),
        module("c.ts", "a.ts"),
      ]),
    ).toEqual(["a.ts → b.ts → c.ts → a.ts"]);
    expect(cycles([module("a.ts", "b.ts", "c.ts"), module("b.ts", "c.ts"), module("c.ts")])).toEqual([]);
  });
  test("see a package that is not declared, deep and scoped paths included", () => {
    const user = module(
      "src/x.ts",
      "yaml",
      "yaml/util",
      "@scope/here/deep",
      "@scope/gone",
      "node:fs",
      "node:sqlite",
      "fs",
    );
    expect(undeclaredPackages([user], ["yaml", "@scope/here"]).map((line) => line.split(" ")[2])).toEqual([
      "@scope/gone,",
      "fs,",
    ]);
  });
});

describe("the reading of a module", () => {
  test("finds every form of import", () => {
    const text = `
      import type { A } from "./a.ts";
      import { type B } from "./b.ts";
      import "../c.ts";
      export * from "./d.ts";
      export { e } from "./e.ts";
      type F = import("./f.ts").F;
      const load = () => import("./g.ts");
      const not = "import x from './no.ts'"; // import "./neither.ts"
      import yaml from "yaml";
      const computed = (name: string) => import(name);`;
    expect(readModule("src/room/x.ts", text).imports).toEqual([
      ...["a", "b"].map((name) => `src/room/${name}.ts`),
      "src/c.ts",
      ...["d", "e", "f", "g"].map((name) => `src/room/${name}.ts`),
      "yaml",
      "an import that is computed",
    ]);
  });
  test.each([
    ["let count = 0;", "a top-level let"],
    ["export let count = 0;", "a top-level let"],
    ["const text = await read();", "a top-level await"],
    ["const seen = new Map<string, string>();", "a container that begins empty"],
    ["export const rows: string[] = [];", "a container that begins empty"],
    ["start();", "a statement that runs at import"],
    ["if (process.env.X) start();", "a statement that runs at import"],
    ["for (const x of [1]) start(x);", "a statement that runs at import"],
  ])("sees what runs or stays: %s", (text, doing) => {
    const read = readModule("src/cli/x.ts", text);
    expect(read.doings).toEqual([doing]);
    expect(importTimeWork([read])).toEqual([`src/cli/x.ts has ${doing}`]);
    expect(importTimeWork([readModule("src/main.ts", text)])).toEqual([]);
  });
  test("leaves constants, functions, classes and types alone", () => {
    const text = `
      export const table = new Map([["a", 1]]);
      const names = ["a"] as const;
      function f() { let x = 0; x += 1; return x; }
      export class C { n = 0; }
      export type T = string;
      export interface I { readonly a: string }`;
    expect(readModule("src/cli/x.ts", text).doings).toEqual([]);
  });
});
