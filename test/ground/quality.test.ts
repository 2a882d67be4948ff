import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

/** Runs a tool of the project and returns its output, which is empty when it has nothing to say and succeeds. */
async function complaints(tool: string, ...args: readonly string[]): Promise<string> {
  const child = spawn(join(root, "node_modules/.bin", tool), args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  return status === 0 ? "" : `${tool} ended with status ${status}\n${said}`;
}

test("the compiler has no complaint", async () => expect(await complaints("tsc", "--noEmit")).toBe(""));
test("the compiler has no complaint about the console", async () =>
  expect(await complaints("tsc", "--noEmit", "-p", "src/admin/console")).toBe(""));
test("the type-aware linter has no complaint", async () =>
  expect(await complaints("oxlint", "--type-aware")).toBe(""));
test("every file is formatted", async () => expect(await complaints("oxfmt", "--check")).toBe(""));
test("no file, export or dependency is unused", async () => expect(await complaints("knip")).toBe(""));
