import { statSync } from "node:fs";
import { expect, test } from "vitest";
import { makeFolder } from "../../src/make-folder.ts";
import { Folder } from "../support/folder.ts";

test("the folders that are missing are made for their owner alone", async () => {
  using folder = new Folder();
  expect(await makeFolder(folder.file("a/b/c"))).toBe(folder.file("a"));
  for (const name of ["a", "a/b", "a/b/c"]) expect(statSync(folder.file(name)).mode & 0o777).toBe(0o700);
  expect(await makeFolder(folder.file("a/b/c"))).toBeUndefined();
  expect(await makeFolder(folder.file("a/b/d"))).toBe(folder.file("a/b/d"));
});

test("several at once make the same folder", async () => {
  using folder = new Folder();
  const made = await Promise.all([1, 2, 3, 4].map(() => makeFolder(folder.file("a/b"))));
  expect(statSync(folder.file("a/b")).isDirectory()).toBe(true);
  expect(new Set(made)).toContain(folder.file("a"));
});

test("a folder that cannot be made leaves none above it", async () => {
  using folder = new Folder();
  const tooLong = folder.file(`a/${"b".repeat(300)}`);
  await expect(makeFolder(tooLong)).rejects.toMatchObject({ code: "file_unwritable" });
  expect(() => statSync(folder.file("a"))).toThrow(/ENOENT/);
});

test("a file is no folder", async () => {
  using folder = new Folder();
  const file = folder.write("file", "");
  await expect(makeFolder(file)).rejects.toThrow(`cannot write ${file}: it is no folder`);
  await expect(makeFolder(folder.file("file/below"))).rejects.toThrow("a part of its path is not a folder");
});

test.runIf(process.platform === "linux")("a folder that takes no other ends the attempt", async () => {
  await expect(makeFolder("/proc/postern/below")).rejects.toThrow(
    "cannot write /proc/postern/below: no folder can be made there",
  );
});
