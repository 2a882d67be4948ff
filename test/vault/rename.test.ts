import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import type { Vault } from "../../src/vault/vault.ts";
import { Desk } from "./desk.ts";

const token = (value: string) => ({ facts: {}, secrets: { value: new Secret(value) } });
const names = (vault: Vault) => vault.items().map(({ name }) => name);

test("an item has both names while what names it is changed, and then the new one", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  const before = await vault.add("old", "bearer-token", token("canary"));
  let meanwhile: readonly string[] = [];
  const after = await vault.rename("old", "new", async () => {
    meanwhile = names(await desk.open());
  });
  expect(meanwhile).toEqual(["old", "new"]);
  expect(after).toEqual({ ...before, name: "new", changed: after.changed });
  expect(names(await desk.open())).toEqual(["new"]);
});

test("an item keeps its old name alone where what names it cannot be changed", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await vault.add("old", "bearer-token", token("canary"));
  const failure = new Error("the file cannot be written");
  await expect(vault.rename("old", "new", () => Promise.reject(failure))).rejects.toBe(failure);
  expect(names(await desk.open())).toEqual(["old"]);
});

test("an item that is rotated while it has both names keeps its newest value", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await vault.add("old", "bearer-token", token("canary-first"));
  await vault.rename("old", "new", async () => {
    await (await desk.open()).replace("old", token("canary-second"));
  });
  expect(vault.get("new").secrets["value"]?.expose()).toBe("canary-second");
});
