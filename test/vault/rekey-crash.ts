import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { Secret } from "../../src/secret.ts";
import { type Ended, Program } from "../support/process.ts";
import { Desk, tool } from "./desk.ts";

const rekeyer = fileURLToPath(new URL("./rekeyer.ts", import.meta.url));
const value = { facts: {}, secrets: { value: new Secret("canary-rekey") } };

/**
 * Has another process give a vault a new identity, and the `nth` of these system calls fail so. Expects the identity that
 * is in its place to open the vault with its item, for age too, and the next rekey to go well and leave nobody else.
 */
export async function survivesRekey(call: string, nth: number, failure: string): Promise<Ended> {
  using desk = await Desk.make();
  await (await desk.open()).add("tok", "bearer-token", value);
  cpSync(desk.identityFile, desk.folder.file("old.txt"));
  const inject = `inject=${call}:${failure}:when=${nth}`;
  const traced = ["-f", "-qq", "-e", `trace=${call}`, "-e", inject, "-o", "/dev/null"];
  const args = [...traced, process.execPath, rekeyer, desk.vaultFile, desk.identityFile];
  const ended = await new Program("strace", args, { env: { UV_THREADPOOL_SIZE: "1" } }).ended();
  expect(tool("age", ["-d", "-i", desk.identityFile, desk.vaultFile])).toContain("canary-rekey");
  const vault = await desk.open();
  expect(vault.get("tok").secrets["value"]?.expose()).toBe("canary-rekey");
  expect(await desk.vault(["rekey"])).toMatchObject({ status: 0, stderr: "" });
  const after = await desk.open();
  expect(after.recipients().map(({ name }) => name)).toEqual(["owner"]);
  expect(after.items()).toHaveLength(1);
  expect(() => tool("age", ["-d", "-i", desk.folder.file("old.txt"), desk.vaultFile])).toThrow(/no identity/);
  expect(Object.keys(desk.folder.contents()).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  return ended;
}
