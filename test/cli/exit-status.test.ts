import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk } from "../vault/desk.ts";

let desk: Desk;
beforeAll(async () => {
  desk = await Desk.make();
  await desk.postern(["key", "add", "editor"]);
  await desk.vault(["add", "bearer-token", "taken", "--generate"]);
});
afterAll(() => desk[Symbol.dispose]());

/** The lines that a command line of these words leads to, and its status. */
async function refused(line: string): Promise<readonly [status: number, stderr: string]> {
  const { status, stdout, stderr } = await desk.postern(line.split(" "), { stdin: "canary" });
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^error: [^\n]+\nhint: [^\n]+\n$/);
  return [status, stderr];
}

describe("what an option cannot say is wrong usage", () => {
  test.each([
    "vault add certificate new --generate --days 99999",
    "vault add certificate new --generate --key-type P256",
    "vault add ssh-key new --generate --key-type DSA",
    "vault add ssh-key new --confirm never --stdin",
    "vault add environment-variable new --variable 1 --stdin",
    "vault add registry-credentials new --registry a/b:c/d --stdin",
    "vault add bearer-token new --source-command date --ttl 1",
    "vault request new --san ///",
    "vault rotate taken --grace soon --generate",
    "endpoint add new new.test --credential taken --type serverles",
    "audit --since yesterday",
    "audit --action frob",
    "key add new --concurrency 0",
  ])("%s", async (line) => {
    expect((await refused(line))[0]).toBe(2);
  });
});

describe("a name that is not there is a failure, and no wrong usage", () => {
  test.each([
    "vault show nothing",
    "vault remove nothing --yes",
    "vault rename nothing new",
    "vault rotate nothing --stdin",
    "vault download nothing",
    "endpoint remove nothing",
    "endpoint test nothing",
    "key remove nothing",
  ])("%s", async (line) => {
    expect(await refused(line)).toEqual([1, expect.stringContaining('"nothing"')]);
  });
});

describe("so is a name that is taken", () => {
  test.each([
    "vault add bearer-token taken --generate",
    "endpoint add private-2 new.test --credential taken",
    "key add editor",
  ])("%s", async (line) => {
    expect((await refused(line))[0]).toBe(1);
  });
});
