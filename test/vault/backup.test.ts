import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { openVault } from "../../src/vault/vault.ts";
import { Desk, tool } from "./desk.ts";

const token = { facts: {}, secrets: { value: new Secret("canary-backup") } };
const folderOf = (desk: Desk) => `${desk.vaultFile}.backups`;
const backups = (desk: Desk) => readdirSync(folderOf(desk)).sort();

/** A desk whose vault has had so many changes. */
async function changed(times: number): Promise<Desk> {
  const desk = await Desk.make();
  const vault = await desk.open();
  for (let n = 0; n < times; n += 1) await vault.add(`t${n}`, "bearer-token", token);
  return desk;
}
const names = async (desk: Desk) => (await desk.open()).items().map(({ name }) => name);

test("the last ten generations are kept, for their owner only, and each opens", async () => {
  using desk = await changed(13);
  expect(backups(desk).map((name) => Number.parseInt(name, 10))).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(statSync(folderOf(desk)).mode & 0o777).toBe(0o700);
  for (const [index, name] of backups(desk).entries()) {
    expect(statSync(`${folderOf(desk)}/${name}`).mode & 0o777).toBe(0o600);
    const text = tool("age", ["-d", "-i", desk.identityFile, `${folderOf(desk)}/${name}`]);
    expect(text).toContain(`"generation": ${index + 5},`);
  }
});

test("what a killed process left of a backup is gone with the next change", async () => {
  using desk = await changed(1);
  const left = desk.folder.write("vault.age.backups/00000009-01234567.age.0123456789ab.tmp", "half");
  await (await desk.open()).add("more", "bearer-token", token);
  expect(existsSync(left)).toBe(false);
  expect(backups(desk)).toHaveLength(3);
});

test("a file in the place of the folder of backups is named, and the vault stays as it is", async () => {
  using desk = await Desk.make();
  const folder = desk.folder.write("vault.age.backups", "");
  const before = desk.folder.contents();
  expect(await desk.vault(["add", "bearer-token", "t", "--generate"])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(`^error: cannot write ${folder}: it is no folder\n`),
  });
  expect(desk.folder.contents()).toMatchObject(before);
});

test("the backups of another vault that was here are left alone, and not offered", async () => {
  using desk = await changed(2);
  const old = backups(desk);
  for (const file of [desk.vaultFile, desk.identityFile, desk.markFile]) rmSync(file);
  const { createVault } = await import("../../src/vault/vault.ts");
  await (
    await createVault({ file: desk.vaultFile, identity: desk.identityFile })
  ).add("new", "bearer-token", token);
  expect(backups(desk)).toEqual(expect.arrayContaining(old));
  writeFileSync(desk.vaultFile, "garbage");
  await expect(desk.open()).rejects.toMatchObject({
    hint: expect.stringContaining("generation 2: postern vault restore"),
  });
});

describe("the hint names the last good backup for a vault that", () => {
  test.each([
    ["is gone", (desk: Desk) => rmSync(desk.vaultFile), "vault_missing", 3],
    [
      "was replaced by garbage",
      (desk: Desk) => {
        rmSync(desk.vaultFile);
        desk.folder.write("vault.age", "x");
      },
      "vault_damaged",
      3,
    ],
    ["was overwritten in place", (desk: Desk) => writeFileSync(desk.vaultFile, "x"), "vault_damaged", 3],
    [
      "was cut off in place",
      (desk: Desk) => writeFileSync(desk.vaultFile, readFileSync(desk.vaultFile).subarray(0, 300)),
      "vault_damaged",
      3,
    ],
    [
      "was rolled back",
      (desk: Desk) => {
        rmSync(desk.vaultFile);
        cpSync(`${folderOf(desk)}/${backups(desk)[0]}`, desk.vaultFile);
      },
      "vault_rolled_back",
      3,
    ],
  ])("%s, and restore brings it back", async (_what, harm, code, generation) => {
    using desk = await changed(2);
    harm(desk);
    const error = await desk.open().catch((error: unknown) => error as { code: string; hint: string });
    expect(error).toMatchObject({ code });
    const [, file = ""] = /postern vault restore (\S+\.age);/.exec((error as { hint: string }).hint) ?? [];
    expect((error as { hint: string }).hint).toContain(`generation ${generation}`);
    expect(await desk.vault(["restore", file])).toMatchObject({ status: 0, stderr: "" });
    expect(await names(desk)).toEqual(["t0", "t1"].slice(0, generation - 1));
    expect((await desk.open()).generation).toBe(4);
  });
});

test("a restored backup is no rollback to a process that has seen the newer vault", async () => {
  using desk = await changed(3);
  const running = await desk.open();
  const [first = ""] = backups(desk);
  expect(await desk.vault(["restore", `${folderOf(desk)}/${first}`])).toMatchObject({ status: 0 });
  expect(await running.refresh()).toBe(true);
  expect(running.items()).toEqual([]);
  expect(running.generation).toBe(5);
});

describe("what restore refuses, it leaves the vault as it was", () => {
  test.each([
    ["a file that is none", (desk: Desk) => desk.folder.write("x.age", "nothing"), "it does not begin as"],
    [
      "a file that is not there",
      (desk: Desk) => desk.folder.file("none.age"),
      "none.age: there is no such file",
    ],
    [
      "a forged one",
      (desk: Desk) => {
        const file = desk.folder.file("forged.age");
        const recipient = tool("age-keygen", ["-y", desk.identityFile]).trim();
        tool("age", ["-r", recipient, "-o", file], { input: "{}\n{}" });
        tool("chmod", ["600", file]);
        return file;
      },
      "was not written by the holder",
    ],
  ])("%s", async (_what, make, says) => {
    using desk = await changed(1);
    const file = make(desk);
    const before = desk.folder.contents();
    expect(await desk.vault(["restore", file])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(says),
    });
    expect(desk.folder.contents()).toEqual({ ...before, "audit.log": expect.any(String) });
  });

  test("another vault's backup", async () => {
    using desk = await changed(1);
    const copy = desk.folder.file("copy.age");
    await desk.vault(["backup", copy]);
    using other = await Desk.make();
    cpSync(desk.identityFile, other.identityFile);
    cpSync(other.vaultFile, other.folder.file("keep.age"));
    await expect(openVault({ file: other.vaultFile, identity: other.identityFile })).rejects.toMatchObject({
      code: "vault_wrong_identity",
    });
    expect(await other.vault(["restore", copy])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("another vault"),
    });
  });
});

test("backup copies the sealed vault, and overwrites nothing", async () => {
  using desk = await changed(1);
  expect(await desk.vault(["backup", "copy.age"])).toMatchObject({ status: 0 });
  expect(readFileSync(desk.folder.file("copy.age"))).toEqual(readFileSync(desk.vaultFile));
  expect(await desk.vault(["backup", "copy.age"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("is there already"),
  });
});

describe("export and import", () => {
  const pass = (desk: Desk) => [
    "--passphrase-file",
    desk.folder.write("pass.txt", "canary export passphrase\n"),
  ];

  test("carry items over, with a passphrase or for a recipient, and show nothing on the way", async () => {
    using desk = await changed(2);
    using other = await Desk.make();
    const { recipient } = await other.identity();
    const file = desk.folder.file("with.age");
    expect(await desk.vault(["export", file, "--items", "t1", ...pass(desk)])).toMatchObject({ status: 0 });
    expect(readFileSync(file, "utf8")).not.toContain("canary");
    expect(await other.vault(["import", file, ...pass(other)])).toMatchObject({
      status: 0,
      stdout: "added t1\n",
    });
    const second = desk.folder.file("for.age");
    expect(await desk.vault(["export", second, "--recipient", recipient])).toMatchObject({ status: 0 });
    expect(tool("age", ["-d", "-i", other.identityFile, second])).toContain("canary-backup");
    expect(await other.vault(["import", second])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('"t1" already'),
    });
    expect(await names(other)).toEqual(["t1"]);
    expect(await other.vault(["import", second, "--replace"])).toMatchObject({ status: 0 });
    expect(await names(other)).toEqual(["t0", "t1"]);
    expect((await other.open()).get("t0").secrets["value"]?.expose()).toBe("canary-backup");
    expect(await desk.vault(["import", second])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("another passphrase or identity"),
    });
  });

  test("write it open only where that is said, with a warning", async () => {
    using desk = await changed(1);
    expect(await desk.vault(["export", "x.json"])).toMatchObject({ status: 2 });
    const said = await desk.vault(["export", "x.json", "--unsafe-plain"]);
    expect(said).toMatchObject({ status: 0, stderr: expect.stringContaining("not encrypted") });
    expect(statSync(desk.folder.file("x.json")).mode & 0o777).toBe(0o600);
    expect(await desk.vault(["export", "y.json", "--unsafe-plain", ...pass(desk)])).toMatchObject({
      status: 2,
    });
  });

  const date = "2026-01-31T12:00:00.000Z";
  const item = (name: string, kind: string, facts: object, value: string) => ({
    name,
    kind,
    created: date,
    changed: date,
    facts,
    secrets: { value },
  });
  test.each([
    [
      "two items of one name",
      [item("a", "bearer-token", {}, "canary-1"), item("a", "bearer-token", {}, "canary-2")],
    ],
    ["a token that adds a header", [item("a", "bearer-token", {}, "canary\r\nX-Evil: 1")]],
    ["a variable that is none", [item("a", "environment-variable", { variable: "A=B" }, "canary-value")]],
    ["a value with a zero byte", [item("a", "environment-variable", { variable: "A" }, "canary\0")]],
    ["a certificate that is none", [item("a", "certificate", { certificate: "x" }, "canary-key")]],
    ["what steers a terminal", [item("a", "bearer-token", { note: "\u001b[2J" }, "canary-token")]],
    [
      "a variable that steers it",
      [item("a", "environment-variable", { variable: "\u001b[2J" }, "canary-value")],
    ],
  ])("refuse a file with %s, and take nothing of it over", async (_what, items) => {
    using desk = await changed(1);
    const file = desk.folder.write("x", JSON.stringify({ format: "postern-export", version: 1, items }));
    const said = await desk.vault(["import", file]);
    expect(said).toMatchObject({ status: 1, stdout: "" });
    expect(said.stderr).toMatch(/^error: .+\nhint: .+\n$/);
    for (const text of ["canary", "\u001b", "--variable"]) expect(said.stderr).not.toContain(text);
    expect(await names(desk)).toEqual(["t0"]);
  });

  test.each([
    ["nothing", ""],
    ["another JSON", "{}"],
    ["an item that is none", '{"format":"postern-export","version":1,"items":[{"canary":1}]}'],
    ["half an armored file", "-----BEGIN AGE ENCRYPTED FILE-----\nYWdl"],
  ])("refuse a file that holds %s", async (_what, text) => {
    using desk = await Desk.make();
    const said = await desk.vault(["import", desk.folder.write("x", text)]);
    expect(said).toMatchObject({ status: 1, stderr: expect.stringContaining("is not an export of a vault") });
    expect(said.stderr).not.toContain("canary");
  });
});
