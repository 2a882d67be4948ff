import { beforeEach, describe, expect, test } from "vitest";
import { Desk } from "./desk.ts";

const canary = "canary-environment-4d7c0a9b8e2f6135";

describe("vault import-env", () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await Desk.make();
    return () => desk[Symbol.dispose]();
  });
  const values = async (): Promise<Record<string, string | undefined>> =>
    Object.fromEntries(
      (await desk.open())
        .items()
        .map(({ facts, secrets }) => [facts["variable"], secrets["value"]?.expose()]),
    );

  test("takes every variable of the file in one change, and says that the file still holds them", async () => {
    desk.folder.write(".env", `A=one\nexport KEY="${canary}\n"\nEMPTY=\n`);
    const { generation } = await desk.open();
    const { status, stdout, stderr } = await desk.vault(["import-env", ".env"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe(
      "added 2 environment variables: A, KEY\nleft out, for they are empty: EMPTY\n" +
        ".env still holds them in plain text: remove it once nothing reads it any more\n",
    );
    expect(await values()).toEqual({ A: "one", KEY: `${canary}\n` });
    expect((await desk.open()).generation).toBe(generation + 1);
  });

  test("takes them from standard input", async () => {
    expect(await desk.vault(["import-env", "-"], { stdin: "A=1\n" })).toMatchObject({
      status: 0,
      stdout: "added 1 environment variable: A\n",
    });
  });

  test("takes none where one line is not clear, and quotes none", async () => {
    desk.folder.write(".env", `A=one\nB=${canary}#x\n`);
    const before = desk.folder.contents();
    const { status, stdout, stderr } = await desk.vault(["import-env", ".env"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: \.env, line 2: it has a "#" in it.*nothing was taken\nhint: put the value in quotes/,
    );
    expect(stdout + stderr).not.toContain(canary);
    expect(desk.folder.contents()["vault.age"]).toBe(before["vault.age"]);
  });

  test("takes none where the vault has one already, unless they are to be replaced", async () => {
    await desk.vault(["import-env", "-"], { stdin: "A=old\nKEPT=kept\n" });
    const refused = await desk.vault(["import-env", "-"], { stdin: "NEW=new\nA=new\n" });
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/nothing was changed: A\nhint: .*--replace/);
    expect(await values()).toEqual({ A: "old", KEPT: "kept" });
    expect(await desk.vault(["import-env", "-", "--replace"], { stdin: "NEW=new\nA=new\n" })).toMatchObject({
      status: 0,
    });
    expect(await values()).toEqual({ A: "new", KEPT: "kept", NEW: "new" });
  });

  test("replaces no item of another kind", async () => {
    await desk.vault(["add", "bearer-token", "A", "--generate"]);
    const { status, stderr } = await desk.vault(["import-env", "-", "--replace"], { stdin: "B=1\nA=new\n" });
    expect(status).toBe(1);
    expect(stderr).toMatch(/an item named "A" already \(bearer-token\)/);
    expect((await desk.open()).items()).toHaveLength(1);
  });

  test.each([
    ["a file that is not there", ["import-env", "no.env"], "", /cannot read/],
    ["nothing", ["import-env", "-"], "# nothing\n", /sets no variable/],
    [
      "a variable that no item can be named after",
      ["import-env", "-"],
      "_A=1\n",
      /line 1: _A cannot be an item's name/,
    ],
  ])("refuses %s", async (_name, args, stdin, message) => {
    const { status, stderr } = await desk.vault(args, { stdin });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });
});
