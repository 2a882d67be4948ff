import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { postern } from "../config/support.ts";
import { Folder } from "../support/folder.ts";
import { type Ended, Program } from "../support/process.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

/** Runs a command whose files take no byte: the shell's limit on their size fails a write as a full disk does. */
const onFullDisk = (folder: Folder, ...args: readonly string[]): Promise<Ended> =>
  new Program("sh", ["-c", 'ulimit -f 0; exec "$0" "$@"', process.execPath, main, ...args], {
    cwd: folder.path,
    env: { POSTERN_CONFIG: folder.file("postern.yaml") },
  }).ended();

const refused = {
  status: 1,
  stdout: "",
  stderr: expect.stringMatching(/error: cannot write .+\nhint: .+; nothing was changed\n$/) as unknown,
};

describe("a full disk leaves nothing behind", () => {
  test("of postern init, which works when there is room", async () => {
    using folder = new Folder();
    expect(await onFullDisk(folder, "init", "--dir", ".")).toMatchObject(refused);
    expect(folder.contents()).toEqual({});
    expect(await postern(folder, ["init", "--dir", "."])).toMatchObject({ status: 0 });
  });

  test("of a key, nor of its file", async () => {
    using folder = new Folder();
    await postern(folder, ["init", "--dir", "."]);
    const before = folder.contents();
    expect(await onFullDisk(folder, "key", "add", "editor", "--out", "editor.key")).toMatchObject(refused);
    expect(folder.contents()).toEqual(before);
  });

  test("of an item's file", async () => {
    using folder = new Folder();
    const at = { POSTERN_CONFIG: folder.file("postern.yaml") };
    await postern(folder, ["init", "--dir", "."]);
    await postern(folder, ["vault", "add", "certificate", "made", "--generate"], at);
    const before = folder.contents();
    expect(await onFullDisk(folder, "vault", "download", "made")).toMatchObject(refused);
    expect(folder.contents()).toEqual(before);
  });
});
