import { chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replace, sweep } from "../../src/replace.ts";
import { Folder } from "../support/folder.ts";
import { Program } from "../support/process.ts";

test("a rename that fails leaves no temporary file", async () => {
  using folder = new Folder();
  mkdirSync(folder.file("vault.age/inside"), { recursive: true });
  await expect(replace(folder.file("vault.age"), "new")).rejects.toMatchObject({ code: "file_unwritable" });
  expect(folder.contents()).toEqual({});
});

test("a fresh file replaces none", async () => {
  using folder = new Folder();
  const file = folder.write("vault.age", "old");
  await expect(replace(file, "new", { fresh: true })).rejects.toMatchObject({ code: "file_exists" });
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(Object.keys(folder.contents())).toEqual(["vault.age"]);
});

test("clearing away what is unfinished touches nothing else", async () => {
  using folder = new Folder();
  for (const name of [
    "vault.age",
    "vault.age.mark",
    "vault.age.tmp",
    "other.0123456789ab.tmp",
    "vault.age.0123456789ab.tmp",
  ])
    folder.write(name, name);
  await sweep(folder.file("vault.age"));
  expect(Object.keys(folder.contents())).toEqual([
    "other.0123456789ab.tmp",
    "vault.age",
    "vault.age.mark",
    "vault.age.tmp",
  ]);
});

test("a file is its owner's alone, unless another mode is asked for, whatever the umask", async () => {
  using folder = new Folder();
  const modeOf = (name: string): string => (statSync(folder.file(name)).mode & 0o777).toString(8);
  await replace(folder.file("usual"), "new");
  await replace(folder.file("shared"), "new", { mode: 0o666, fresh: true });
  expect([modeOf("usual"), modeOf("shared")]).toEqual(["600", "666"]);
});

test("a last check that fails leaves the old file, and nothing else", async () => {
  using folder = new Folder();
  const file = folder.write("file", "old");
  const check = (): Promise<void> => Promise.reject(new Error("it changed meanwhile"));
  await expect(replace(file, "new", { check })).rejects.toThrow(/cannot write .*: it changed meanwhile/);
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(Object.keys(folder.contents())).toEqual(["file"]);
});

test("a process that is ended meanwhile leaves the old file, and nothing else", async () => {
  using folder = new Folder();
  const file = folder.write("file", "old");
  const source = join(import.meta.dirname, "../../src/replace.ts");
  const script = `import { replace } from "${source}"; await replace("${file}", "new", { check: () => process.exit(7) });`;
  const program = new Program(process.execPath, ["--input-type=module", "--eval", script]);
  expect(await program.ended()).toEqual({ status: 7, stdout: "", stderr: "" });
  expect(readFileSync(file, "utf8")).toBe("old");
  expect(Object.keys(folder.contents())).toEqual(["file"]);
});

// Files of others can be made only as root.
test.runIf(process.getuid?.() === 0)("root leaves a file to its owner and its group", async () => {
  using folder = new Folder();
  for (const [uid, gid] of [
    [1000, 1000],
    [0, 1000],
  ] as const) {
    const file = folder.write(`${uid}-${gid}`, "old");
    chownSync(file, uid, gid);
    await replace(file, "new");
    expect(statSync(file)).toMatchObject({ uid, gid });
    expect(readFileSync(file, "utf8")).toBe("new");
  }
});
