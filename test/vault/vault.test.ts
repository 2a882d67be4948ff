import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { sealed } from "../../src/vault/sealed/generation.ts";
import { newKey } from "../../src/vault/sealed/mac.ts";
import { createVault, openVault, type Vault } from "../../src/vault/vault.ts";
import { Folder } from "../support/folder.ts";
import { Desk } from "./desk.ts";

const token = (value: string) => ({ facts: {}, secrets: { value: new Secret(value) } });
const add = (vault: Vault, name: string) => vault.add(name, "bearer-token", token(`canary-${name}`));
const names = (vault: Vault) => vault.items().map(({ name }) => name);
const hashOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

test("an item is there with its dates after the vault is opened again", async () => {
  using desk = await Desk.make();
  const now = new Date("2026-05-04T03:02:01.000Z");
  const vault = await openVault({ file: desk.vaultFile, identity: desk.identityFile, now: () => now });
  await vault.add("gen-cert", "bearer-token", {
    ...token("canary"),
    expires: new Date("2027-01-01T00:00:00.000Z"),
  });
  const item = (await desk.open()).get("gen-cert");
  expect(item).toMatchObject({
    kind: "bearer-token",
    created: now,
    changed: now,
    expires: new Date("2027-01-01"),
  });
  expect(item.secrets["value"]?.expose()).toBe("canary");
});

test("a renamed item keeps all but its name and the time of its change", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  const before = await add(vault, "old");
  const after = await vault.rename("old", "new");
  expect(after).toEqual({ ...before, name: "new", changed: after.changed });
  expect(names(await desk.open())).toEqual(["new"]);
});

test("each change is one generation more, and names the one before it", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  expect(vault.generation).toBe(1);
  await add(vault, "a");
  await vault.remove("a");
  expect(vault.generation).toBe(3);
  expect((await desk.open()).generation).toBe(3);
});

test("names are unique over all kinds", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await add(vault, "a");
  await expect(vault.add("a", "hugging-face-token", token("x"))).rejects.toMatchObject({
    code: "item_exists",
  });
  await add(vault, "b");
  await expect(vault.rename("b", "a")).rejects.toMatchObject({ code: "item_exists" });
  expect(names(vault)).toEqual(["a", "b"]);
});

test.each(["", "-x", ".x", "a b", "a/b", "../a", "ä", "a\n", "a".repeat(65)])(
  "%j cannot be a name",
  async (name) => {
    using desk = await Desk.make();
    await expect(add(await desk.open(), name)).rejects.toMatchObject({ code: "item_name_invalid" });
  },
);

test("an unknown name is answered with the known ones", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await add(vault, "a");
  expect(() => vault.get("b")).toThrow(/no item named "b"; it holds: a/);
  await expect(vault.remove("b")).rejects.toMatchObject({ code: "item_unknown" });
  await expect(vault.rename("b", "c")).rejects.toMatchObject({ code: "item_unknown" });
});

test("a new vault overwrites neither a vault nor an identity, and leaves nothing behind", async () => {
  using desk = await Desk.make();
  const before = desk.folder.contents();
  const file = desk.folder.file("other.age");
  await expect(createVault({ file, identity: desk.identityFile })).rejects.toMatchObject({
    code: "file_exists",
  });
  const identity = desk.folder.file("other.txt");
  await expect(createVault({ file: desk.vaultFile, identity })).rejects.toMatchObject({
    code: "file_exists",
  });
  expect(desk.folder.contents()).toEqual(before);
});

test("a new vault in a folder that is not there leaves no identity behind", async () => {
  using folder = new Folder();
  const places = { file: folder.file("none/vault.age"), identity: folder.file("identity.txt") };
  await expect(createVault(places)).rejects.toMatchObject({ code: "file_unwritable" });
  expect(folder.contents()).toEqual({});
});

test.each([0o000, 0o022, 0o077])(
  "everything that is written under umask %i is for its owner only",
  async (mask) => {
    const usual = process.umask(mask);
    using desk = await Desk.make();
    await add(await desk.open(), "a");
    process.umask(usual);
    const modes = Object.entries(desk.folder.contents()).map(([name, content]) => [
      name,
      content.slice(0, 3),
    ]);
    expect(Object.fromEntries(modes)).toMatchObject({
      "identity.txt": "600",
      "vault.age": "600",
      "vault.age.lock": "600",
      "vault.age.mark": "600",
    });
  },
);

test("a truncated vault is refused at every length and left as it is", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await add(vault, "a");
  const whole = readFileSync(desk.vaultFile);
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(desk.vaultFile, whole.subarray(0, length));
    await expect(desk.open(), `${length} bytes`).rejects.toMatchObject({ code: "vault_damaged" });
    expect(readFileSync(desk.vaultFile)).toEqual(whole.subarray(0, length));
  }
});

test("a vault with an altered byte is refused", async () => {
  using desk = await Desk.make();
  const whole = readFileSync(desk.vaultFile);
  for (const index of [0, 30, whole.length - 40, whole.length - 1]) {
    const altered = Buffer.from(whole);
    altered[index] = (altered[index] ?? 0) ^ 1;
    writeFileSync(desk.vaultFile, altered);
    await expect(desk.open(), `byte ${index}`).rejects.toMatchObject({
      code: expect.stringMatching(/^vault_(damaged|wrong_identity)$/),
    });
  }
});

test("another identity is told from a damaged vault", async () => {
  using desk = await Desk.make();
  using other = await Desk.make();
  const places = { file: desk.vaultFile, identity: other.identityFile };
  await expect(openVault(places)).rejects.toMatchObject({ code: "vault_wrong_identity" });
});

test("a vault that is not there, and one whose identity is not, are told apart", async () => {
  using desk = await Desk.make();
  const none = desk.folder.file("none");
  await expect(openVault({ file: none, identity: desk.identityFile })).rejects.toMatchObject({
    code: "vault_missing",
  });
  await expect(openVault({ file: desk.vaultFile, identity: none })).rejects.toMatchObject({
    code: "vault_locked",
  });
});

test.each(["640", "604", "644", "660", "620"])("an identity of mode %s is refused", async (mode) => {
  using desk = await Desk.make();
  chmodSync(desk.identityFile, Number.parseInt(mode, 8));
  await expect(desk.open()).rejects.toMatchObject({
    code: "identity_exposed",
    message: expect.stringContaining(`mode 0${mode}`),
  });
});

test.each(["620", "602", "666"])("a vault of mode %s is refused", async (mode) => {
  using desk = await Desk.make();
  chmodSync(desk.vaultFile, Number.parseInt(mode, 8));
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_exposed" });
});

test.each([
  ["nothing", "", /no key/],
  ["only comments", "# public key: age1x\n", /no key/],
  ["a key with a wrong checksum", `AGE-SECRET-KEY-1${"Q".repeat(58)}\n`, /mistyped or cut off/],
  ["a post-quantum key", "AGE-SECRET-KEY-PQ-1CANARY\n", /post-quantum/],
  ["a recipient", "age1canary\n", /no secret key/],
])("an identity file with %s is refused, and its content is not shown", async (_what, content, reason) => {
  using desk = await Desk.make();
  writeFileSync(desk.identityFile, content);
  const error: unknown = await desk.open().catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "identity_invalid", message: expect.stringMatching(reason) });
  expect(`${String(error)} ${String((error as Error).cause)}`).not.toMatch(/canary|QQQ/i);
});

test("an identity file with two keys is refused", async () => {
  using desk = await Desk.make();
  const [key = ""] = /^AGE-.*$/m.exec(readFileSync(desk.identityFile, "utf8")) ?? [];
  writeFileSync(desk.identityFile, `${key}\n${key}\n`);
  await expect(desk.open()).rejects.toThrow(/more than one key/);
});

test("a vault that was put back is refused as rolled back, also by a process that runs", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await add(vault, "a");
  cpSync(desk.vaultFile, desk.folder.file("backup"));
  await add(vault, "b");
  cpSync(desk.folder.file("backup"), desk.vaultFile);
  await expect(desk.open()).rejects.toMatchObject({
    code: "vault_rolled_back",
    message: expect.stringContaining("generation 2, seen 3"),
  });
  await expect(vault.refresh()).rejects.toMatchObject({ code: "vault_rolled_back" });
  expect(names(vault)).toEqual(["a", "b"]);
  // On purpose: without the mark, it is taken; but not by who has seen the newer one.
  rmSync(desk.markFile);
  expect(names(await desk.open())).toEqual(["a"]);
  await expect(vault.refresh()).rejects.toMatchObject({ code: "vault_rolled_back" });
});

test("a process that still holds the old content notices that a newer one was put back", async () => {
  using desk = await Desk.make();
  const old = await desk.open();
  cpSync(desk.vaultFile, desk.folder.file("backup"));
  await add(await desk.open(), "a");
  cpSync(desk.folder.file("backup"), desk.vaultFile);
  await expect(old.refresh()).rejects.toMatchObject({ code: "vault_rolled_back" });
});

test("another vault of the same identity is refused as swapped", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  const identity = await desk.identity();
  const other = {
    vault: "7b12cf67-c32b-4714-8549-113d8dba8795",
    generation: 5,
    previous: null,
    keyed: 1,
    key: newKey(),
    markKey: newKey(),
    recipients: [{ name: "owner", recipient: identity.recipient }],
    items: [],
  };
  writeFileSync(desk.vaultFile, (await sealed(other, identity)).bytes);
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_swapped" });
  await expect(vault.refresh()).rejects.toMatchObject({ code: "vault_swapped" });
});

test("two histories of one vault are not mixed: the other one is refused as swapped", async () => {
  using desk = await Desk.make();
  using fork = await Desk.make();
  for (const name of ["vault.age", "vault.age.mark", "identity.txt"])
    cpSync(desk.folder.file(name), fork.folder.file(name));
  const vault = await desk.open();
  await add(vault, "a");
  const other = await fork.open();
  await add(other, "b");
  cpSync(fork.vaultFile, desk.vaultFile);
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_swapped" });
  await add(other, "c");
  cpSync(fork.vaultFile, desk.vaultFile);
  await expect(vault.refresh()).rejects.toMatchObject({ code: "vault_swapped" });
});

test.each([
  ["is no mark", () => "{}"],
  ["is empty", () => ""],
  ["was altered", (mark: string) => mark.replace(/"generation": 1/, '"generation": 2')],
])("a mark that %s is refused", async (_what, change) => {
  using desk = await Desk.make();
  writeFileSync(desk.markFile, change(readFileSync(desk.markFile, "utf8")));
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_mark_invalid" });
});

test("a missing mark is written again", async () => {
  using desk = await Desk.make();
  await add(await desk.open(), "a");
  const before = readFileSync(desk.markFile, "utf8");
  rmSync(desk.markFile);
  await desk.open();
  expect(readFileSync(desk.markFile, "utf8")).toBe(before);
});

test("a folder where no lock and no mark can be made does not stop the reading", async () => {
  using desk = await Desk.make();
  await add(await desk.open(), "a");
  rmSync(desk.markFile);
  rmSync(`${desk.vaultFile}.lock`, { force: true });
  // Stands for a read-only mount, which root could write: SQLite cannot open a folder.
  mkdirSync(`${desk.vaultFile}.lock`);
  const vault = await desk.open();
  expect(names(vault)).toEqual(["a"]);
  expect(Object.keys(desk.folder.contents())).not.toContain("vault.age.mark");
  await expect(add(vault, "b")).rejects.toMatchObject({ code: "file_unwritable" });
});

test("a mark that is a symbolic link is replaced, and what it points to stays", async () => {
  using desk = await Desk.make();
  const target = desk.folder.write("elsewhere", readFileSync(desk.markFile));
  rmSync(desk.markFile);
  symlinkSync(target, desk.markFile);
  const before = hashOf(target);
  await add(await desk.open(), "a");
  expect(hashOf(target)).toBe(before);
  expect(hashOf(desk.markFile)).not.toBe(before);
});

test("a symbolic link to an identity that others can read is refused", async () => {
  using desk = await Desk.make();
  const link = desk.folder.file("link.txt");
  symlinkSync(desk.identityFile, link);
  chmodSync(desk.identityFile, 0o644);
  await expect(openVault({ file: desk.vaultFile, identity: link })).rejects.toMatchObject({
    code: "identity_exposed",
  });
});

test("no secret shows in what prints a vault, an item or an error of theirs", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  const item = await add(vault, "a");
  const identity = await desk.identity();
  const key = identity.key.expose();
  const error: unknown = await add(vault, "a").catch((error: unknown) => error);
  for (const thing of [vault, item, vault.items(), identity, error]) {
    const deep = inspect(thing, { depth: Infinity, showHidden: true, getters: true, customInspect: false });
    for (const text of [
      deep,
      inspect(thing, { depth: Infinity, showHidden: true }),
      JSON.stringify(thing),
      String(thing),
    ])
      for (const secret of ["canary-a", key]) expect(text ?? "").not.toContain(secret);
  }
});

test("a refused change leaves every file as it was", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await add(vault, "a");
  const before = desk.folder.contents();
  await expect(add(vault, "a")).rejects.toMatchObject({ code: "item_exists" });
  expect(desk.folder.contents()).toEqual(before);
});

test("a vault behind a symbolic link is changed where it lies, and the link stays", async () => {
  using desk = await Desk.make();
  const link = desk.folder.file("link.age");
  symlinkSync("vault.age", link);
  await add(await openVault({ file: link, identity: desk.identityFile }), "a");
  expect(hashOf(link)).toBe(hashOf(desk.vaultFile));
  expect(names(await desk.open())).toEqual(["a"]);
});
