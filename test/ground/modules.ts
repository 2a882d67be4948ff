import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseAst } from "vitest/node";

/** A source file, as far as the rules of the architecture look at it. */
export interface Module {
  /** Path from the repository's root: `src/vault/item.ts`. */
  readonly path: string;
  /** What it imports, type imports included: paths from the root for files, specifiers for packages. */
  readonly imports: readonly string[];
  /** Statements that give it state or make it work at import time, each in a few words. */
  readonly doings: readonly string[];
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as Node).type === "string";

/** Calls `visit` for the node and everything in it. */
function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit);
}

const sourced = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

/** Every specifier that the file names: static, type-only, re-exported, dynamic, and `import("…")` in a type. */
function specifiers(program: Node): string[] {
  const found: string[] = [];
  walk(program, (node) => {
    if (!sourced.has(node.type)) return;
    const source = node["source"] ?? node["argument"];
    const literal = isNode(source) && source.type === "TSLiteralType" ? source["literal"] : source;
    if (literal === null || literal === undefined) return;
    const value = isNode(literal) ? literal["value"] : undefined;
    found.push(typeof value === "string" ? value : "an import that is computed");
  });
  return found;
}

/** Containers that begin empty are filled later: at the top level of a module that is state. */
const emptyContainer = (init: Node): boolean =>
  (init.type === "NewExpression" &&
    ["Map", "Set", "WeakMap", "WeakSet"].includes(String((init["callee"] as Node)["name"])) &&
    (init["arguments"] as unknown[]).length === 0) ||
  (init.type === "ArrayExpression" && (init["elements"] as unknown[]).length === 0);

function doings(program: Node): string[] {
  const found: string[] = [];
  for (const statement of program["body"] as readonly Node[]) {
    const inner = statement.type === "ExportNamedDeclaration" ? statement["declaration"] : statement;
    if (!isNode(inner)) continue;
    switch (inner.type) {
      case "VariableDeclaration":
        if (inner["kind"] !== "const") found.push(`a top-level ${String(inner["kind"])}`);
        for (const { init } of inner["declarations"] as readonly { readonly init: unknown }[]) {
          if (!isNode(init)) continue;
          if (init.type === "AwaitExpression") found.push("a top-level await");
          if (emptyContainer(init)) found.push("a container that begins empty");
        }
        break;
      case "ExpressionStatement":
      case "ForOfStatement":
      case "ForStatement":
      case "IfStatement":
      case "WhileStatement":
      case "TryStatement":
      case "BlockStatement":
        found.push("a statement that runs at import");
        break;
      default:
    }
  }
  return found;
}

/**
 * Reads one module. The parser is the test runner's own (oxc): TypeScript 7 has no JavaScript API, type stripping would
 * lose type imports, and a regular expression would have to know what is a string and what a comment.
 */
export function readModule(path: string, text: string): Module {
  // Its types are ESTree's, which know no TypeScript nodes; the shapes that matter here are checked as they are read.
  const program = parseAst(text, { lang: "ts", astType: "ts" }, path) as unknown as Node;
  const imports = specifiers(program).map((specifier) =>
    specifier.startsWith(".") ? join(dirname(path), specifier) : specifier,
  );
  return { path, imports, doings: doings(program) };
}

/** All modules under `src/` of the repository at `root`. */
export function readModules(root: string): Module[] {
  return globSync("src/**/*.ts", { cwd: root })
    .filter((path) => existsSync(join(root, path)))
    .map((path) => readModule(relative(root, join(root, path)), readFileSync(join(root, path), "utf8")));
}
