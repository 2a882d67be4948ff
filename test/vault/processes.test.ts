import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { withLock } from "../../src/vault/stores/lock.ts";
import { Program } from "../support/process.ts";
import { Desk } from "./desk.ts";

const adder = fileURLToPath(new URL("./adder.ts", import.meta.url));
const opener = fileURLToPath(new URL("./opener.ts", import.meta.url));
const holder = fileURLToPath(new URL("./holder.ts", import.meta.url));
const main = join(import.meta.dirname, "../../src/main.ts");
const node = process.execPath;
const token = { facts: {}, secrets: { value: new Secret("canary") } };

test("ten changes by each of eight processes at once are all kept", async () => {
  using desk = await Desk.make();
  const prefixes = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const programs = prefixes.map(
    (prefix) => new Program(node, [adder, desk.vaultFile, desk.identityFile, prefix, "10"]),
  );
  for (const program of programs) expect(await program.ended()).toMatchObject({ status: 0, stderr: "" });
  const vault = await desk.open();
  const expected = prefixes.flatMap((prefix) => Array.from({ length: 10 }, (_, n) => `${prefix}-${n}`));
  expect(
    vault
      .items()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(expected.sort());
  expect(vault.generation).toBe(81);
});

test("changes in one process at once are all kept", async () => {
  using desk = await Desk.make();
  const [one, two] = [await desk.open(), await desk.open()];
  const names = Array.from({ length: 10 }, (_, n) => `n${n}`);
  await Promise.all(names.map((name, n) => (n % 2 === 0 ? one : two).add(name, "bearer-token", token)));
  expect(
    (await desk.open())
      .items()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(names);
});

test("a killed writer leaves the lock free, and the next change clears away what it began", async () => {
  using desk = await Desk.make();
  await using holding = new Program(node, [holder, desk.vaultFile]);
  await holding.firstLine();
  await expect(withLock(desk.vaultFile, 0, async () => {})).rejects.toMatchObject({ code: "vault_busy" });
  // Reading goes on meanwhile.
  const vault = await desk.open();
  await holding.stop("SIGKILL");
  await vault.add("a", "bearer-token", token);
  const files = Object.keys(desk.folder.contents()).filter((name) => !name.startsWith("vault.age.backups/"));
  expect(files.sort()).toEqual([
    "identity.txt",
    "postern.yaml",
    "vault.age",
    "vault.age.lock",
    "vault.age.mark",
  ]);
});

test("a disk that takes no more leaves the old vault and no temporary file", async () => {
  using desk = await Desk.make();
  await (await desk.open()).add("a", "bearer-token", token);
  const before = desk.folder.contents();
  // The shell's limit on the size of a file makes the write fail in its middle, as a full disk does.
  const limited = 'ulimit -f 8; exec "$0" "$@"';
  const args = [node, main, "vault", "add", "environment-variable", "LARGE", "--stdin"];
  const env = { POSTERN_CONFIG: desk.folder.file("postern.yaml") };
  const ended = await new Program("sh", ["-c", limited, ...args], { env }).ended("x".repeat(100_000));
  expect(ended).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^error: cannot write .*vault\.age/),
  });
  expect(desk.folder.contents()).toEqual({ ...before, "audit.log": expect.any(String) });
});

/** Opens a desk's vault as another user; undefined where the tests may not become one. */
function openAs(desk: Desk, uid: number, gid: number): { status: number | null; stderr: string } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  chmodSync(desk.folder.path, 0o755);
  return spawnSync(node, [opener, desk.vaultFile, desk.identityFile, `${uid}`, `${gid}`], {
    encoding: "utf8",
  });
}

// Another user can be tried only as root.
const asRoot = test.runIf(process.getuid?.() === 0);

asRoot(
  "a secret that Kubernetes mounts, root's and readable by our group alone, is accepted as the identity",
  async () => {
    using desk = await Desk.make();
    rmSync(desk.markFile);
    for (const file of [desk.vaultFile, desk.identityFile]) {
      chownSync(file, 0, 4321);
      chmodSync(file, 0o440);
    }
    expect(openAs(desk, 1234, 4321)).toMatchObject({ status: 0, stderr: "" });
    // Not where we are not in the group, where it is ours, or where the group may write it.
    chmodSync(desk.identityFile, 0o444);
    expect(openAs(desk, 1234, 4321)).toMatchObject({ status: 1 });
    chmodSync(desk.identityFile, 0o460);
    expect(openAs(desk, 1234, 4321)?.stderr).toContain("identity_exposed");
    chmodSync(desk.identityFile, 0o440);
    chownSync(desk.identityFile, 1234, 4321);
    expect(openAs(desk, 1234, 4321)?.stderr).toContain("identity_exposed");
  },
);

asRoot(
  "a folder that its reader cannot write is read all the same, and nothing is written into it",
  async () => {
    using desk = await Desk.make();
    rmSync(desk.markFile);
    for (const file of [desk.vaultFile, desk.identityFile]) chownSync(file, 1234, 1234);
    expect(openAs(desk, 1234, 1234)).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(desk.markFile)).toBe(false);
  },
);
