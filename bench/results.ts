import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type FigureKey, figures } from "./figures.ts";
import type { Machine } from "./machine.ts";
import type { Findings } from "./run.ts";
import type { Spread } from "./statistics.ts";

type Tree = { [name: string]: Tree | number | readonly [number, number] };

/** What `--json` writes. */
export interface Results {
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  /** Medians, by contender and by the names in the figures' keys. */
  readonly contenders: Readonly<Record<string, Tree>>;
  /** The same with minimum and maximum in the place of the median. */
  readonly spread: Readonly<Record<string, Tree>>;
  readonly failures: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const folder = join(import.meta.dirname, "results");

const rounded = (value: number): number => Number(value.toPrecision(4));

function treeOf(findings: Findings, leaf: (spread: Spread) => number | readonly [number, number]): Tree {
  const tree: Tree = {};
  for (const [key, spread] of findings.figures) {
    const names = key.split(".");
    const last = names.pop() ?? key;
    let branch = tree;
    for (const name of names) branch = (branch[name] ??= {}) as Tree;
    branch[last] = leaf(spread);
  }
  return tree;
}

export function resultsOf(found: readonly Findings[], machine: Machine, rounds: number, at: Date): Results {
  const each = <T>(make: (findings: Findings) => T): Record<string, T> =>
    Object.fromEntries(found.map((findings) => [findings.name, make(findings)]));
  return {
    at: at.toISOString(),
    machine,
    rounds,
    contenders: each((findings) => treeOf(findings, ({ median }) => rounded(median))),
    spread: each((findings) => treeOf(findings, ({ min, max }) => [rounded(min), rounded(max)])),
    failures: each(({ failures }) => Object.fromEntries(failures)),
  };
}

/** The text of a result file, with each list of numbers on one line. */
export function textOf(results: Results): string {
  const text = JSON.stringify(results, undefined, 2);
  return `${text.replaceAll(/\[[-\d.e,\s]+\]/g, (list) => JSON.stringify(JSON.parse(list)).replaceAll(",", ", "))}\n`;
}

/** Postern's own figures of the newest recorded run, for comparison; undefined where none is recorded. */
export function lastRecorded(): Findings | undefined {
  // Their names begin with their date.
  const newest = globSync("*.json", { cwd: folder }).sort().at(-1);
  if (newest === undefined) return undefined;
  const { contenders } = JSON.parse(readFileSync(join(folder, newest), "utf8")) as Results;
  const medians = new Map<FigureKey, Spread>();
  for (const { key } of figures) {
    let value: Tree[string] | undefined = contenders["postern"];
    for (const name of key.split("."))
      value = typeof value === "object" && !Array.isArray(value) ? (value as Tree)[name] : undefined;
    if (typeof value === "number") medians.set(key, { median: value, min: value, max: value });
  }
  return { name: "last", note: `postern as recorded in ${newest}`, figures: medians, failures: new Map() };
}
