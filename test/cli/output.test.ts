import { once } from "node:events";
import { openSync, readdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { Folder } from "../support/folder.ts";
import { type Program, postern } from "../support/process.ts";

/** Reads the first piece of what it writes, and leaves, as `head -1` does. */
async function readAndLeave(program: Program): Promise<void> {
  const stdout = program.child.stdout as Readable;
  await once(stdout, "data");
  stdout.destroy();
}

describe("a reader that leaves", () => {
  test.each([
    ["demo", ["demo"], 0],
    ["demo --check", ["demo", "--check"], 1],
  ])(
    "ends %s without a word, and nothing stays behind",
    async (_, args, expected) => {
      using temporary = new Folder();
      await using program = postern(args, { env: { TMPDIR: temporary.path } });
      await readAndLeave(program);
      const { status, stderr } = await program.ended();
      expect(stderr).toBe("");
      expect(status).toBe(expected);
      expect(readdirSync(temporary.path)).toEqual([]);
    },
    60_000,
  );
});

test.runIf(process.platform === "linux")("output that a full disk swallowed is no success", () => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(join(import.meta.dirname, "../../bin/postern"), ["--help"], {
    stdio: ["ignore", full, "pipe"],
    encoding: "utf8",
  });
  expect(stderr).toMatch(/^error: cannot write to standard output: the disk is full\nhint: .+\n$/);
  expect(status).toBe(1);
});

test("a terminal that goes away ends the sandbox, and its keys go with it", async () => {
  using temporary = new Folder();
  await using program = postern(["sandbox"], { env: { TMPDIR: temporary.path } });
  await program.firstLine();
  expect((await program.stop("SIGHUP")).status).toBe(0);
  expect(readdirSync(temporary.path)).toEqual([]);
}, 60_000);
