import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Folder } from "../support/folder.ts";
import { Program } from "../support/process.ts";
import { Desk, tool } from "./desk.ts";

/** Runs a shell script in a session of its own, with a keyring that is open and empty. */
async function inSession(folder: Folder, script: string): Promise<{ stdout: string; stderr: string }> {
  const open = "printf test | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1";
  const env = { HOME: folder.path, XDG_CACHE_HOME: folder.path, XDG_DATA_HOME: folder.path };
  const program = new Program("dbus-run-session", ["--", "sh", "-c", `${open}\nset -ex\n${script}`], { env });
  const { status, stdout, stderr } = await program.ended();
  expect(status, stderr).toBe(0);
  return { stdout, stderr };
}

const bin = new URL("../../bin/postern", import.meta.url).pathname;

test("an identity in a real keyring opens the vault, is replaced by rekey, and stands in no argument", async () => {
  using folder = new Folder();
  const { stdout } = await inSession(
    folder,
    `export POSTERN_CONFIG=${folder.path}/k/postern.yaml
${bin} init --dir ${folder.path}/k --keyring test-entry
secret-tool lookup service postern identity test-entry > ${folder.path}/before
echo canary-keyring | ${bin} vault add bearer-token tok --stdin
strace -f -qq -s 4096 -e trace=execve -o ${folder.path}/trace ${bin} vault rekey
secret-tool lookup service postern identity test-entry > ${folder.path}/after
${bin} vault list
! ${bin} init --dir ${folder.path}/k2 --keyring test-entry`,
  );
  expect(stdout).toContain("tok");
  expect(Object.keys(folder.contents())).not.toContain("k/identity.txt");
  const [before, after] = ["before", "after"].map((name) => readFileSync(folder.file(name), "utf8"));
  expect(before).toMatch(/^AGE-SECRET-KEY-1/);
  expect(after).toMatch(/^AGE-SECRET-KEY-1/);
  expect(after).not.toBe(before);
  const trace = readFileSync(folder.file("trace"), "utf8");
  expect(trace).toContain('"secret-tool", "store"');
  expect(trace).not.toContain("AGE-SECRET-KEY-");
  // What the keyring holds is what age takes.
  writeFileSync(folder.file("id.txt"), after ?? "", { mode: 0o600 });
  expect(tool("age", ["-d", "-i", folder.file("id.txt"), folder.file("k/vault.age")])).toContain(
    "canary-keyring",
  );
});

test("without a keyring the command says what is missing", async () => {
  using desk = await Desk.make();
  const text = readFileSync(desk.folder.file("postern.yaml"), "utf8");
  desk.folder.write("postern.yaml", text.replace("file:identity.txt", "keyring:none"));
  const env = {
    POSTERN_CONFIG: desk.folder.file("postern.yaml"),
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere",
  };
  const ended = await new Program(bin, ["vault", "list"], { env }).ended();
  expect(ended).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('error: the keyring, which holds the identity "none"'),
  });
});
