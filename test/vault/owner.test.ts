import { chmodSync, chownSync, readdirSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test } from "vitest";
import { type Ended, postern, Program, readyLine } from "../support/process.ts";
import { Desk } from "./desk.ts";

const user = 1234;
const asUser = fileURLToPath(new URL("./as-user.ts", import.meta.url));

/** A desk of which everything is a user's. */
async function deskOfUser(): Promise<Desk> {
  const desk = await Desk.make();
  for (const path of everything(desk)) chownSync(path, user, user);
  return desk;
}

const everything = ({ folder }: Desk): readonly string[] =>
  ["", ...(readdirSync(folder.path, { recursive: true }) as string[])].map((name) => folder.file(name));

/** What is not the user's. */
const others = (desk: Desk): readonly string[] =>
  everything(desk).filter((path) => statSync(path).uid !== user || statSync(path).gid !== user);

const own = (desk: Desk, ...args: readonly string[]): Promise<Ended> =>
  new Program(process.execPath, [asUser, `${user}`, ...args], {
    env: { POSTERN_CONFIG: desk.folder.file("postern.yaml") },
  }).ended();

beforeEach(({ skip }) => skip(process.getuid?.() !== 0, "only root can act for another user"));

test("what root makes beside a user's vault is the user's, whose own commands go on", async () => {
  using desk = await deskOfUser();
  // As where the vault was brought here alone.
  rmSync(desk.markFile);
  expect(await desk.vault(["add", "bearer-token", "a", "--generate"])).toMatchObject({ status: 0 });
  expect(readdirSync(desk.folder.path).sort()).toEqual([
    "audit.log",
    "identity.txt",
    "postern.yaml",
    "vault.age",
    "vault.age.backups",
    "vault.age.lock",
    "vault.age.mark",
  ]);
  expect(others(desk)).toEqual([]);
  expect(await own(desk, "vault", "add", "bearer-token", "b", "--generate")).toMatchObject({
    status: 0,
    stderr: "",
  });
  expect(await own(desk, "vault", "list")).toMatchObject({ status: 0, stderr: "" });
  expect(await own(desk, "audit")).toMatchObject({ status: 0, stdout: expect.stringContaining("uid 0") });
});

test("a vault that root restores is its folder's owner's", async () => {
  using desk = await deskOfUser();
  await desk.vault(["add", "bearer-token", "a", "--generate"]);
  const [backup = ""] = readdirSync(`${desk.vaultFile}.backups`);
  for (const file of [desk.vaultFile, desk.markFile, `${desk.vaultFile}.lock`]) rmSync(file);
  const restored = await desk.vault(["restore", `${desk.vaultFile}.backups/${backup}`]);
  expect(restored).toMatchObject({ status: 0 });
  expect(others(desk)).toEqual([]);
  expect(await own(desk, "vault", "list")).toMatchObject({ status: 0, stderr: "" });
});

test("the log that root begins takes the lines of the vault's owner, in a folder of root's, too", async () => {
  using desk = await deskOfUser();
  chownSync(desk.folder.path, 0, 0);
  chmodSync(desk.folder.path, 0o755);
  await desk.vault(["add", "bearer-token", "a", "--generate"]);
  expect(await own(desk, "vault", "show", "a")).toMatchObject({ status: 0, stderr: "" });
  expect((await desk.postern(["audit"])).stdout).toContain(`vault show (uid ${user}`);
});

test("the token that root's gateway makes opens the console to the vault's owner", async () => {
  using desk = await deskOfUser();
  desk.folder.write("postern.yaml", "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n");
  await using gateway = postern(["serve"], { env: { POSTERN_CONFIG: desk.folder.file("postern.yaml") } });
  await readyLine(gateway);
  expect(await gateway.stop()).toMatchObject({ status: 0 });
  expect(readdirSync(desk.folder.path)).toContain("admin-token");
  expect(others(desk)).toEqual([]);
});
