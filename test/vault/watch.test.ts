import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import type { PosternError } from "../../src/errors.ts";
import { openVault, type Vault } from "../../src/vault/vault.ts";
import { eventually } from "../support/eventually.ts";
import { Desk } from "./desk.ts";

const add = (vault: Vault, name: string) =>
  vault.add(name, "bearer-token", { facts: {}, secrets: { value: new Secret("canary") } });

/** A vault that is watched, and what was heard of it. */
class Watched implements Disposable {
  readonly vault: Vault;
  changes = 0;
  readonly failures: PosternError[] = [];
  readonly #stop: () => void;

  constructor(vault: Vault) {
    this.vault = vault;
    this.#stop = vault.watch(
      () => (this.changes += 1),
      (error) => this.failures.push(error),
    );
  }

  holds(...names: readonly string[]): Promise<void> {
    return eventually(() => expect(this.vault.items().map(({ name }) => name)).toEqual(names));
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}

test("another process's change is seen, once", async () => {
  using desk = await Desk.make();
  using watched = new Watched(await desk.open());
  await add(await desk.open(), "a");
  await watched.holds("a");
  expect(watched.changes).toBe(1);
});

test("a change of this process is told too", async () => {
  using desk = await Desk.make();
  using watched = new Watched(await desk.open());
  await add(watched.vault, "a");
  expect(watched.changes).toBe(1);
});

test("a vault that cannot be read is told once, the last good content stays, and a good one is taken up again", async () => {
  using desk = await Desk.make();
  const other = await desk.open();
  await add(other, "a");
  using watched = new Watched(await desk.open());
  const good = desk.folder.file("good");
  cpSync(desk.vaultFile, good);
  writeFileSync(desk.vaultFile, "garbage");
  await eventually(() => expect(watched.failures.map(({ code }) => code)).toEqual(["vault_damaged"]));
  rmSync(desk.vaultFile);
  await eventually(() =>
    expect(watched.failures.map(({ code }) => code)).toEqual(["vault_damaged", "vault_missing"]),
  );
  await watched.holds("a");
  renameSync(good, desk.vaultFile);
  await add(other, "b");
  await watched.holds("a", "b");
  expect(watched.failures).toHaveLength(2);
});

test("a mounted secret that Kubernetes swaps by its ..data link is seen", async () => {
  using desk = await Desk.make();
  const mount = (name: string) => desk.folder.file(`mount/${name}`);
  const copyTo = (version: string) => {
    mkdirSync(mount(version), { recursive: true });
    for (const name of ["vault.age", "identity.txt"])
      cpSync(desk.folder.file(name), mount(`${version}/${name}`));
  };
  copyTo("..2026_01");
  symlinkSync("..2026_01", mount("..data"));
  for (const name of ["vault.age", "identity.txt"]) symlinkSync(`..data/${name}`, mount(name));
  using watched = new Watched(await openVault({ file: mount("vault.age"), identity: mount("identity.txt") }));
  await add(await desk.open(), "a");
  copyTo("..2026_02");
  symlinkSync("..2026_02", mount("..data_tmp"));
  renameSync(mount("..data_tmp"), mount("..data"));
  rmSync(mount("..2026_01"), { recursive: true });
  await watched.holds("a");
  expect(watched.failures).toEqual([]);
});

test("a change between opening and watching is not missed", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await add(await desk.open(), "a");
  using watched = new Watched(vault);
  await watched.holds("a");
});

test("nothing is told after the watch was stopped", async () => {
  using desk = await Desk.make();
  const watched = new Watched(await desk.open());
  watched[Symbol.dispose]();
  await add(watched.vault, "a");
  expect(watched.changes).toBe(0);
});
