import { mkdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { replace, sweep } from "../../src/vault/stores/replace.ts";
import { Folder } from "../support/folder.ts";

test("a rename that fails leaves no temporary file", async () => {
  using folder = new Folder();
  mkdirSync(folder.file("vault.age/inside"), { recursive: true });
  await expect(replace(folder.file("vault.age"), "new")).rejects.toMatchObject({ code: "file_unwritable" });
  expect(folder.contents()).toEqual({});
});

test("a fresh file replaces none", async () => {
  using folder = new Folder();
  const file = folder.write("vault.age", "old");
  await expect(replace(file, "new", true)).rejects.toMatchObject({ code: "file_exists" });
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
