import { chmodSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { postern } from "../config/support.ts";
import { Folder } from "../support/folder.ts";

async function init(folder: Folder): Promise<void> {
  expect(await postern(folder, ["init", "--dir", "."])).toMatchObject({ status: 0 });
}

const at = (folder: Folder): Record<string, string> => ({ POSTERN_CONFIG: folder.file("postern.yaml") });

test("doctor does not call an identity ok that others can read", async () => {
  using folder = new Folder();
  await init(folder);
  chmodSync(folder.file("identity.txt"), 0o644);
  const { status, stdout } = await postern(folder, ["doctor"], at(folder));
  expect(status).toBe(1);
  expect(stdout).toMatch(/^problem {2}identity +others can read/m);
  expect(stdout).toContain(`→ close it: chmod 600 ${folder.file("identity.txt")}`);
  expect(stdout).not.toMatch(/^ok +identity/m);
});

test("doctor does not call a gateway well whose console nobody can use", async () => {
  using folder = new Folder();
  await init(folder);
  const token = folder.file("admin-token");
  expect((await postern(folder, ["doctor"], at(folder))).stdout).toContain(
    `ok       admin token    ${token}`,
  );
  chmodSync(token, 0o644);
  const { status, stdout } = await postern(folder, ["doctor"], at(folder));
  expect(status).toBe(1);
  expect(stdout).toMatch(/^problem {2}admin token +others can read/m);
  expect(stdout).toContain(`→ close it: chmod 600 ${token}`);
});

test("doctor does not say that all is well behind a warning", async () => {
  using folder = new Folder();
  await init(folder);
  const run = (...args: readonly string[]) => postern(folder, args, at(folder));
  await run("vault", "add", "certificate", "made", "--generate");
  await run("endpoint", "add", "one", "one.test", "--credential", "made");
  expect((await run("doctor")).stdout).toMatch(/\nall is well\n$/);
  await run("vault", "add", "certificate", "short", "--generate", "--days", "2");
  const { status, stdout } = await run("doctor");
  expect([status, stdout]).toEqual([
    0,
    expect.stringMatching(/\nnothing is wrong; see the warnings above\n$/),
  ]);
});

test("a folder that is not there is called a folder, and nothing is added", async () => {
  using folder = new Folder();
  await init(folder);
  const add = ["vault", "add", "certificate", "made", "--generate", "--out", "nowhere"];
  const { status, stderr } = await postern(folder, add, at(folder));
  expect(status).toBe(1);
  expect(stderr).toContain(
    `cannot write ${join(folder.path, "nowhere", "made.pem")}: there is no such folder`,
  );
  const { stdout } = await postern(folder, ["vault", "list", "--json"], at(folder));
  expect(JSON.parse(stdout)).toEqual([]);
});

test("whoever makes a certificate is told where its CA is, and finds it there", async () => {
  using folder = new Folder();
  await init(folder);
  const { stdout } = await postern(folder, ["vault", "add", "certificate", "made", "--generate"], at(folder));
  expect(stdout).toContain("the CA to give to the platform: postern vault download made --ca\n");
  const { stdout: ca } = await postern(folder, ["vault", "download", "made", "--ca", "--stdout"], at(folder));
  expect(ca).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
  const shown = await postern(folder, ["vault", "show", "made"], at(folder));
  expect(shown.stdout).toContain(`\nca\n${ca}`);
});
