import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { type Generation, readStore, sealed } from "../../src/vault/sealed/generation.ts";
import { type Identity, newIdentity, writeIdentity } from "../../src/vault/identity/identity.ts";
import { formatMark } from "../../src/vault/sealed/mark.ts";
import { fileStore } from "../../src/vault/stores/file.ts";
import { openVault } from "../../src/vault/vault.ts";
import { Desk, tool } from "./desk.ts";

// Whoever once could open a vault knows the key that it had then, and the others' confirmations of that key.

const token = { facts: {}, secrets: { value: new Secret("canary-shared") } };
const placeOf = (desk: Desk) => ({ file: desk.identityFile, passphrase: { prompt: true } }) as const;

/** A desk, and somebody else who has read its vault while that was sealed for both. */
async function parted(): Promise<{ desk: Desk; mallory: Identity; known: Generation } & Disposable> {
  const desk = await Desk.make();
  const mallory = await newIdentity("mallory");
  const vault = await desk.open();
  await vault.add("tok", "bearer-token", token);
  await vault.addRecipient("mallory", mallory.recipient);
  const known = await readStore(fileStore(desk.vaultFile), mallory, undefined, true);
  return { desk, mallory, known, [Symbol.dispose]: () => desk[Symbol.dispose]() };
}

/** What that one makes of what he knows: a vault without the others' items, and with one of his own. */
const forged = (known: Generation, mallory: Identity, generation: number) =>
  sealed(
    {
      ...known.content,
      generation,
      items: known.content.items.map((item) => ({ ...item, name: "of-mallory" })),
    },
    mallory,
  );

test("who was removed cannot have a vault with the key that he knew taken for a newer one", async () => {
  using all = await parted();
  const { desk, mallory, known } = all;
  const running = await desk.open();
  await (await desk.open()).removeRecipient("mallory");
  await running.refresh();
  writeFileSync(desk.vaultFile, (await forged(known, mallory, 99)).bytes);
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_forged" });
  // With or without the mark: what a running process has seen counts.
  rmSync(desk.markFile);
  await expect(running.refresh()).rejects.toMatchObject({ code: "vault_forged" });
  expect(running.find("of-mallory")).toBeUndefined();
});

test("who has the old identity cannot have such a vault taken after rekey", async () => {
  using all = await parted();
  const { desk } = all;
  const old = await desk.identity();
  const seen: Uint8Array[] = [];
  const vault = await desk.open();
  await vault.rekey(async (next) => {
    seen.push(readFileSync(desk.vaultFile));
    await writeIdentity(placeOf(desk), next, { now: new Date() });
  });
  const between = desk.folder.write("between.age", Buffer.from(seen[0] ?? []));
  const half = await readStore(fileStore(between), old, undefined);
  writeFileSync(desk.vaultFile, (await forged(half, old, 99)).bytes);
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_forged" });
});

test("a forged backup with a key that was given up is not named as the last good one", async () => {
  using all = await parted();
  const { desk, mallory, known } = all;
  await (await desk.open()).removeRecipient("mallory");
  const { bytes } = await forged(known, mallory, 98);
  desk.folder.write("vault.age.backups/00000098-00000000.age", Buffer.from(bytes));
  rmSync(desk.vaultFile);
  await expect(desk.open()).rejects.toMatchObject({
    code: "vault_missing",
    hint: expect.stringContaining("the last good backup is generation 4:"),
  });
});

test("backups that a killed removal left are gone with the next change", async () => {
  using all = await parted();
  const { desk } = all;
  cpSync(`${desk.vaultFile}.backups`, desk.folder.file("left"), {
    recursive: true,
    preserveTimestamps: true,
  });
  await (await desk.open()).removeRecipient("mallory");
  cpSync(desk.folder.file("left"), `${desk.vaultFile}.backups`, {
    recursive: true,
    preserveTimestamps: true,
  });
  await (await desk.open()).add("more", "bearer-token", token);
  expect((await (await desk.open()).backups()).map(({ generation }) => generation)).toEqual([5, 4]);
});

test("restore brings items back, and nobody who was removed since", async () => {
  using all = await parted();
  const { desk, mallory } = all;
  await desk.vault(["backup", "copy.age"]);
  const vault = await desk.open();
  await vault.removeRecipient("mallory");
  await vault.remove("tok");
  expect(await desk.vault(["restore", "copy.age"])).toMatchObject({ status: 0, stderr: "" });
  const restored = await desk.open();
  expect(restored.items().map(({ name }) => name)).toEqual(["tok"]);
  expect(restored.recipients().map(({ name }) => name)).toEqual(["owner"]);
  await expect(readStore(fileStore(desk.vaultFile), mallory, undefined, true)).rejects.toMatchObject({
    code: "vault_wrong_identity",
  });
});

test("restore over a vault that is lost takes a new key, and says whom the vault is sealed for", async () => {
  using all = await parted();
  const { desk, mallory, known } = all;
  await desk.vault(["backup", "copy.age"]);
  await (await desk.open()).removeRecipient("mallory");
  rmSync(desk.vaultFile);
  const said = await desk.vault(["restore", "copy.age"]);
  expect(said).toMatchObject({ status: 0, stderr: "" });
  expect(said.stdout).toContain("owner, mallory");
  expect((await desk.open()).items()).toHaveLength(1);
  writeFileSync(desk.vaultFile, (await forged(known, mallory, 99)).bytes);
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_forged" });
});

test("restore keeps the file that it replaces, also one that cannot be opened", async () => {
  using desk = await Desk.make();
  await (await desk.open()).add("tok", "bearer-token", token);
  await desk.vault(["backup", "copy.age"]);
  writeFileSync(desk.folder.file("new"), "somebody's only copy", { mode: 0o600 });
  tool("mv", [desk.folder.file("new"), desk.vaultFile]);
  expect(await desk.vault(["restore", "copy.age"])).toMatchObject({ status: 0 });
  const folder = `${desk.vaultFile}.backups`;
  const kept = readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  expect(kept).toContain("somebody's only copy");
});

test("two rekeys at once leave an identity that opens the vault", async () => {
  using desk = await Desk.make();
  const [one, other] = [await desk.open(), await desk.open()];
  const reached = Promise.withResolvers<void>();
  // The first has sealed the vault for its new identity and is held up before it puts that in place.
  const first = one.rekey(async (next) => {
    reached.resolve();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await writeIdentity(placeOf(desk), next, { now: new Date() });
  });
  await reached.promise;
  const second = other.rekey((next) => writeIdentity(placeOf(desk), next, { now: new Date() }));
  await Promise.allSettled([first, second]);
  await expect(openVault({ file: desk.vaultFile, identity: desk.identityFile })).resolves.toBeDefined();
});

test("a mark of an earlier key is no mark of a later one", () => {
  const key = new Secret("00".repeat(32));
  const mark = { vault: "7b12cf67-c32b-4714-8549-113d8dba8795", generation: 3, hash: "0".repeat(64) };
  expect(formatMark({ ...mark, keyed: 1 }, key)).not.toBe(formatMark({ ...mark, keyed: 2 }, key));
});
