import { lstatSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { open } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { Desk, tool } from "./desk.ts";

const passphrase = "canary passphrase of seven words";
const given = (desk: Desk) => ["--passphrase-file", desk.folder.write("pass.txt", `${passphrase}\n`)];

test("a symbolic link to the identity stays one, and what it points to is encrypted and replaced", async () => {
  using desk = await Desk.make();
  const target = desk.folder.file("elsewhere.txt");
  renameSync(desk.identityFile, target);
  symlinkSync(target, desk.identityFile);
  expect(await desk.vault(["passphrase", ...given(desk)])).toMatchObject({ status: 0 });
  expect(lstatSync(desk.identityFile).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, "utf8")).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----/);
  desk.folder.write("postern.yaml", "passphrase: file:pass.txt\n");
  expect(await desk.vault(["rekey", ...given(desk)])).toMatchObject({ status: 0 });
  expect(lstatSync(desk.identityFile).isSymbolicLink()).toBe(true);
  expect(await desk.vault(["list"])).toMatchObject({ status: 0 });
});

test("an identity that a rekey has put there while a passphrase was typed is not replaced by the old one", async () => {
  using desk = await Desk.make();
  const pipe = desk.folder.file("pass");
  tool("mkfifo", ["-m", "600", pipe]);
  const changing = desk.vault(["passphrase", "--passphrase-file", pipe]);
  // The command has read the identity, and now waits for the passphrase.
  const typing = await open(pipe, "w");
  expect(await desk.vault(["rekey"])).toMatchObject({ status: 0 });
  await typing.writeFile(passphrase);
  await typing.close();
  expect(await changing).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("another command has changed it meanwhile"),
  });
  expect(tool("age", ["-d", "-i", desk.identityFile, desk.vaultFile])).toContain("postern-vault");
});

describe("--passphrase-file that", () => {
  test.each([
    ["is not there", "none.txt", undefined, "none.txt: there is no such file"],
    ["is empty", "empty.txt", "\n", "empty.txt is empty"],
    ["is too short", "short.txt", "canary", "shorter than 8 characters"],
  ])("%s is refused in words of its own", async (_what, name, text, says) => {
    using desk = await Desk.make();
    const file = text === undefined ? desk.folder.file(name) : desk.folder.write(name, text);
    for (const args of [["passphrase"], ["export", "x.age"]]) {
      const said = await desk.vault([...args, "--passphrase-file", file]);
      expect(said.status).toBeGreaterThan(0);
      expect(said.stderr).toContain(says);
      expect(said.stderr).not.toMatch(/canary|locked/);
    }
  });
});
