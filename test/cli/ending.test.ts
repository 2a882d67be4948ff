import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Ending } from "../../src/cli/ending.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { postern } from "../support/process.ts";

const signals = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const;

const folder = new Folder();
const env = { POSTERN_CONFIG: folder.file("home/postern.yaml") };
let silent: Server;
let connections = 0;

async function done(...args: readonly string[]): Promise<void> {
  expect(await postern(args, { env }).ended("a-token-that-nobody-asks-for")).toMatchObject({ status: 0 });
}

beforeAll(async () => {
  silent = createServer(() => (connections += 1));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`;
  await done("init", "--dir", folder.file("home"));
  await done("vault", "add", "bearer-token", "token", "--stdin");
  await done("endpoint", "add", "silent", url, "--credential", "token");
}, 60_000);
afterAll(() => {
  silent.close();
  folder[Symbol.dispose]();
});

test.each(signals)("%s ends a command that waits for an endpoint at once", async (signal, status) => {
  const before = connections;
  await using program = postern(["endpoint", "test", "silent"], { env });
  await eventually(() => expect(connections).toBeGreaterThan(before));
  expect(await program.stop(signal)).toMatchObject({ status, stderr: "" });
});

test("a signal ends the command that a token comes from, too", async () => {
  const pidFile = folder.file("pid");
  const command = `echo $$ > ${pidFile}; exec sleep 600`;
  await done("vault", "add", "bearer-token", "slow", "--source-command", command, "--ttl", "5m");
  await using program = postern(["vault", "show", "slow", "--reveal"], { env });
  const pid = await eventually(() => {
    const found = Number(readFileSync(pidFile, "utf8"));
    expect(found).toBeGreaterThan(0);
    return found;
  });
  expect(await program.stop("SIGTERM")).toMatchObject({ status: 143, stderr: "" });
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/));
});

test.each(signals)("%s in the middle of init leaves all of its files or none", async (signal) => {
  using place = new Folder();
  await using program = postern(["init", "--dir", place.file("new")]);
  await eventually(() => expect(existsSync(place.file("new")) || program.child.exitCode !== null).toBe(true));
  await program.stop(signal);
  const left = Object.keys(place.contents()).map((file) => file.replace("new/", ""));
  if (left.length > 0)
    expect(left).toEqual(["admin-token", "identity.txt", "postern.yaml", "vault.age", "vault.age.mark"]);
});

test("the end waits for all that hold it up, and for nothing else", () => {
  const ends: number[] = [];
  const ending = new Ending((status) => ends.push(status));
  {
    using _ = ending.hold();
    const other = ending.hold();
    ending.ask(143);
    other[Symbol.dispose]();
    expect(ends).toEqual([]);
  }
  expect(ends).toEqual([143]);
});
