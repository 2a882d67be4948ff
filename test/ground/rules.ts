import { builtinModules } from "node:module";
import type { Module } from "./modules.ts";

const rooms = [
  "leaf",
  "vault",
  "gateway",
  "admin",
  "console",
  "brokers",
  "sandbox",
  "cluster",
  "app",
  "cli",
  "main",
  "worker",
  "thread",
] as const;
type Room = (typeof rooms)[number];

/** Which rooms a room may import, besides itself. No arrow leads back or sideways. */
const mayImport: Readonly<Record<Room, readonly Room[]>> = {
  leaf: [],
  vault: ["leaf"],
  gateway: ["leaf", "vault"],
  admin: ["leaf", "vault"],
  // A page in a browser: of the other rooms it knows what their answers look like, as types.
  console: ["admin"],
  brokers: ["leaf", "vault"],
  sandbox: ["leaf", "vault"],
  cluster: ["leaf", "vault", "gateway", "admin"],
  app: ["leaf", "vault", "gateway", "admin", "brokers", "cluster"],
  cli: ["leaf", "vault", "gateway", "admin", "brokers", "sandbox", "cluster", "app"],
  main: ["leaf", "cli"],
  worker: ["leaf", "cluster"],
  thread: ["vault"],
};

/** The room that a file of `src/` belongs to; undefined for a file that belongs to none. */
function roomOf(path: string): Room | undefined {
  const [, first = "", second] = path.split("/");
  if (second === undefined) {
    if (
      [
        "errors.ts",
        "secret.ts",
        "hatches.ts",
        "log.ts",
        "settle.ts",
        "unix-socket.ts",
        "replace.ts",
        "make-folder.ts",
        "owner.ts",
        "installation.ts",
      ].includes(first)
    )
      return "leaf";
    if (["admin-sources.ts", "reloading.ts"].includes(first)) return "app";
    return (["app", "main", "worker", "thread"] as const).find((room) => `${room}.ts` === first);
  }
  if (first === "config" || first === "errors") return "leaf";
  if (first === "admin" && second === "console") return "console";
  return ["vault", "gateway", "admin", "brokers", "sandbox", "cluster", "cli"].find(
    (room): room is Room => room === first,
  );
}

const isEntry = (room: Room | undefined): boolean =>
  room === "main" || room === "worker" || room === "thread";

const isFile = (specifier: string): boolean => specifier.endsWith(".ts");

/** Files outside every room, and imports against the order of the rooms. */
export function wrongEdges(modules: readonly Module[]): string[] {
  return modules.flatMap(({ path, imports }) => {
    const from = roomOf(path);
    if (from === undefined) return [`${path} stands in no room`];
    return imports.filter(isFile).flatMap((target) => {
      if (!target.startsWith("src/")) return [`${path} imports ${target}, which lies outside src`];
      const to = roomOf(target);
      return to === from || (to !== undefined && mayImport[from].includes(to))
        ? []
        : [`${path} (${from}) must not import ${target} (${to ?? "no room"})`];
    });
  });
}

/** Every cycle of imports that a depth-first walk closes, as a path. */
export function cycles(modules: readonly Module[]): string[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path].join(" → "));
    if (start >= 0 || done.has(path)) return;
    for (const target of byPath.get(path)?.imports ?? []) if (isFile(target)) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) visit(path, []);
  return found;
}

/** Imports of packages that a published Postern would not bring along. */
export function undeclaredPackages(modules: readonly Module[], dependencies: readonly string[]): string[] {
  const known = new Set([
    ...dependencies,
    ...builtinModules.map((name) => `node:${name.replace(/^node:/, "")}`),
  ]);
  // What the console needs is built into its files.
  const shipped = modules.filter(({ path }) => roomOf(path) !== "console");
  return shipped.flatMap(({ path, imports }) =>
    imports
      .filter((specifier) => !isFile(specifier) && !known.has(packageOf(specifier)))
      .map((specifier) => `${path} imports ${specifier}, which is not in package.json's dependencies`),
  );
}

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** State and work at import time, allowed only to main.ts, worker.ts and thread.ts, with which processes and threads begin. */
export function importTimeWork(modules: readonly Module[]): string[] {
  return modules
    .filter(({ path }) => !isEntry(roomOf(path)))
    .flatMap(({ path, doings }) => doings.map((doing) => `${path} has ${doing}`));
}

/** Rooms whose edges can be proven: the table's own. */
export const edges: readonly { readonly from: Room; readonly to: Room; readonly allowed: boolean }[] =
  rooms.flatMap((from) =>
    rooms.filter((to) => to !== from).map((to) => ({ from, to, allowed: mayImport[from].includes(to) })),
  );
