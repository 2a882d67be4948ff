import { beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { Desk } from "../vault/desk.ts";
import { canary, deskWithItems, sh, start } from "./run-desk.ts";

describe("postern run --watch", () => {
  let desk: Desk;
  beforeEach(async () => {
    desk = await deskWithItems();
    return () => desk[Symbol.dispose]();
  });
  const script = 'echo "length ${#SETTING}"; trap "echo ended; exit 0" TERM; while :; do sleep 0.1; done';
  const replace = (value: string) =>
    desk.vault(["import-env", "-", "--replace"], { stdin: `SETTING=${value}\n` });

  test("starts the program again with the new value, and ends with it", async () => {
    await using program = start(desk, ["--watch", ...sh(script)]);
    expect(await program.firstLine()).toBe(`length ${canary.length}`);
    await replace("another-canary-0c71");
    await eventually(() => expect(program.stdout).toBe(`length ${canary.length}\nended\nlength 19\n`));
    expect(program.stderr).toBe("postern: SETTING changed: restarting sh\n");
    expect(await program.stop()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/length 19\nended\n$/) as string,
    });
  });

  test("leaves the program alone when an item changes that it does not use", async () => {
    await using program = start(desk, [
      "--watch",
      "--items",
      "hf",
      ...sh("echo ready; read line; echo $line"),
    ]);
    await program.firstLine();
    await replace("another-canary-0c71");
    await desk.vault(["rename", "SETTING", "OTHER"]);
    // More than the watch needs to see it.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await program.ended("line\n")).toEqual({ status: 0, stdout: "ready\nline\n", stderr: "" });
  });

  test("lets the program go on with what it has when its item is gone, and says so", async () => {
    await using program = start(desk, ["--watch", "--items", "SETTING", ...sh(script)]);
    await program.firstLine();
    await desk.vault(["remove", "SETTING", "--yes"]);
    await eventually(() =>
      expect(program.stderr).toMatch(/no item named "SETTING".*the program goes on with what it has/),
    );
    expect(program.stdout).not.toContain("ended");
    await desk.vault(["import-env", "-"], { stdin: "SETTING=back-again\n" });
    await eventually(() => expect(program.stdout).toContain("ended\nlength 10\n"));
    // Killed, it could not end the program that it started.
    await program.stop();
  });

  test("ends with the program's own end, and starts nothing after it was told to end", async () => {
    expect(await start(desk, ["--watch", ...sh("exit 4")]).ended()).toMatchObject({ status: 4 });
    const slow = 'trap "sleep 1; echo ended; exit 0" TERM; echo ready; while :; do sleep 0.1; done';
    await using program = start(desk, ["--watch", ...sh(slow)]);
    await program.firstLine();
    await replace("another-canary-0c71");
    await eventually(() => expect(program.stderr).toContain("restarting"));
    expect(await program.stop()).toMatchObject({ status: 0, stdout: "ready\nended\n" });
  });
});
