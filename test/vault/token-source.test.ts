import { readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, tool } from "./desk.ts";

const canary = "canary-sourced-token-5be0";
let desk: Desk;
beforeAll(async () => {
  desk = await Desk.make();
});
afterAll(() => desk[Symbol.dispose]());

const add = (name: string, ...options: string[]) => desk.vault(["add", "bearer-token", name, ...options]);

describe("an item whose token comes from a source", () => {
  test("holds the whole path and no value, and is listed with it", async () => {
    desk.folder.write("token", `${canary}\n`);
    expect(await add("file", "--source-file", "token")).toMatchObject({ status: 0 });
    expect(
      await add("command", "--source-command", `cat ${desk.folder.file("token")}`, "--ttl", "5m"),
    ).toMatchObject({ status: 0 });
    const opened = tool("age", ["-d", "-i", desk.identityFile, desk.vaultFile]);
    expect(opened).toContain(desk.folder.file("token"));
    expect(opened).not.toContain(canary);
    const { stdout } = await desk.vault(["list"]);
    expect(stdout).toContain(`from the file ${desk.folder.file("token")}`);
    expect(stdout).toContain("from the command cat ");
    expect((await desk.vault(["show", "command"])).stdout).toMatch(/^sourceTtl +5m$/m);
    expect((await desk.vault(["show", "file", "--json"])).stdout).not.toContain(canary);
  });

  test("gives the token that its source holds now, where that is asked for", async () => {
    for (const name of ["file", "command"]) {
      expect((await desk.vault(["show", name, "--reveal"])).stdout).toContain(canary);
      expect((await desk.vault(["download", name, "--stdout"])).stdout).toBe(`${canary}\n`);
    }
  });

  test("fits its endpoint, or says why its source gives nothing", async () => {
    for (const name of ["file", "command"]) {
      desk.configure(name);
      expect(await desk.postern(["check"])).toMatchObject({ status: 0 });
    }
    rmSync(desk.folder.file("token"));
    const said = await desk.postern(["check"]);
    expect(said.status).toBe(1);
    expect(said.stdout).toContain("its command ended with status 1");
    expect((await desk.postern(["doctor"])).stdout).toContain("its command ended with status 1");
    expect(await desk.vault(["show", "file", "--reveal"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("cannot read its file: there is no such file") as unknown,
    });
    desk.folder.write("token", canary);
  });

  test("is not replaced by a generated token, and takes another source or a value in its place", async () => {
    expect(await desk.vault(["rotate", "file"])).toMatchObject({ status: 1 });
    expect(
      await desk.vault(["rotate", "file", "--source-command", "echo other", "--ttl", "1m"]),
    ).toMatchObject({ status: 0 });
    expect((await desk.vault(["show", "file"])).stdout).toContain("from the command echo other");
    expect(await desk.vault(["rotate", "file", "--stdin"], { stdin: canary })).toMatchObject({ status: 0 });
    expect((await desk.vault(["show", "file"])).stdout).toMatch(/^value +cana\*/m);
    expect(await desk.vault(["rotate", "file", "--back"])).toMatchObject({ status: 0 });
    expect((await desk.vault(["show", "file"])).stdout).toContain("from the command echo other");
  });

  test("is taken over by an import with its command only where that is said", async () => {
    using other = await Desk.make();
    const key = /age1\w+/.exec(readFileSync(other.identityFile, "utf8"))?.[0] ?? "";
    const file = desk.folder.file("export.age");
    const exported = await desk.vault(["export", file, "--items", "command", "--recipient", key]);
    expect(exported, exported.stderr).toMatchObject({ status: 0 });
    const refused = await other.vault(["import", file]);
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining("would be run here: cat ") });
    expect((await other.open()).items()).toEqual([]);
    expect(await other.vault(["import", file, "--unsafe-commands"])).toMatchObject({ status: 0, stderr: "" });
    expect((await other.open()).items()).toHaveLength(1);
  });

  test("can be a Hugging Face token for a program", async () => {
    const sourced = ["add", "hugging-face-token", "hf", "--source-command", `echo ${canary}`, "--ttl", "5m"];
    expect(await desk.vault(sourced)).toMatchObject({ status: 0 });
    const script =
      'test "$HF_TOKEN" = "$(printf canary-; printf sourced-token-5be0)" && echo "it is $HF_TOKEN"';
    const run = ["run", "--items", "hf", "--", "sh", "-c", script];
    const { stdout, stderr, status } = await desk.postern(run);
    expect([status, stdout, stderr]).toEqual([0, "it is [masked by postern]\n", ""]);
  });

  const wrong: readonly (readonly [options: readonly string[], says: string])[] = [
    [["--source-command", "x"], "--ttl"],
    [["--source-command", "x", "--ttl", "5"], "bare number"],
    [["--source-command", "x", "--ttl", "10ms"], "too short"],
    [["--source-command", "x\ny", "--ttl", "5m"], "control character"],
    [["--source-command", "x", "--source-file", "y", "--ttl", "5m"], "a file and a command"],
    [["--source-file", "y", "--stdin"], "--source-file says where the value comes from"],
    [["--source-file", "y", "--generate"], "--generate"],
    [["--stdin", "--ttl", "5m"], "--ttl goes with a source"],
  ];
  test.each(wrong)("is refused with %j: %s", async (options, says) => {
    const { status, stderr } = await desk.vault(["add", "bearer-token", "new", ...options], {
      stdin: canary,
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain(says);
    expect(stderr).toMatch(/^hint: ./m);
    expect((await desk.vault(["list"])).stdout).not.toMatch(/ new /);
  });

  test("is no certificate", async () => {
    const { status, stderr } = await desk.vault(["add", "certificate", "c", "--source-file", "y"]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("--source-file is not for Certificates")]);
  });
});
