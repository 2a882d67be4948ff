import { execFile, execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./tree.ts";

const run = promisify(execFile);

// The test runner's own PATH begins with node_modules/.bin, where `node` is the pinned one: a person's does not.
const path = (process.env["PATH"] ?? "")
  .split(":")
  .filter((folder) => !folder.includes("node_modules"))
  .join(":");
const env = { ...process.env, PATH: path };

let folder = "";
let clone = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-clone-"));
  clone = join(folder, "postern");
  await run("git", ["clone", "--quiet", root, clone]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("bin/postern sets up a fresh clone by itself, on whatever Node the machine has", async () => {
  const { version } = JSON.parse(readFileSync(join(clone, "package.json"), "utf8")) as { version: string };
  const first = await run("bin/postern", ["--version"], { cwd: clone, env });
  expect(first.stdout).toBe(`${version}\n`);
  expect(first.stderr).toContain("installing dependencies");
  expect(first.stderr).toContain("building the console");
  expect(existsSync(join(clone, "dist/console/index.html"))).toBe(true);

  const again = await run("bin/postern", ["--help"], { cwd: clone, env });
  expect(again.stdout).toContain("usage: postern COMMAND");
  expect(again.stderr).toBe("");
});

test("it works through a symbolic link, and from another folder", async () => {
  const link = join(folder, "linked");
  execFileSync("ln", ["-s", join(clone, "bin/postern"), link]);
  const { stdout } = await run(link, ["--help"], { cwd: folder, env });
  expect(stdout).toContain("usage: postern COMMAND");
});

test("setting up leaves the clone as git knows it", () => {
  expect(execFileSync("git", ["status", "--porcelain"], { cwd: clone }).toString()).toBe("");
});

test("without npm it says what to install", async () => {
  const bare = join(folder, "bare");
  await run("git", ["clone", "--quiet", root, bare]);
  // A PATH with the few programs that the script needs, and no npm.
  const tools = join(folder, "tools");
  execFileSync("mkdir", [tools]);
  for (const program of ["sh", "dirname", "cmp", "readlink"])
    execFileSync("ln", ["-s", which(program), join(tools, program)]);
  const failed = await run("/bin/sh", ["bin/postern", "--version"], { cwd: bare, env: { PATH: tools } }).then(
    () => undefined,
    (error: { readonly stderr: string; readonly code: number }) => error,
  );
  expect(failed?.code).toBe(1);
  expect(failed?.stderr).toMatch(/^error: npm is not installed\nhint: install Node\.js with npm/);
});

function which(program: string): string {
  for (const folder of path.split(":")) {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return join(folder, program);
    } catch {
      continue;
    }
  }
  throw new Error(`the test needs ${program} on PATH`);
}
