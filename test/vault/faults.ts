import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { Secret } from "../../src/secret.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { type Ended, Program } from "../support/process.ts";
import { Desk } from "./desk.ts";

const changer = fileURLToPath(new URL("./changer.ts", import.meta.url));

/** The system calls by which Node (in its one worker) and SQLite (in the main thread) touch files. */
const onFiles = [
  "openat,read,pread64,write,pwrite64,fsync,fdatasync,close,rename,link,unlink,ftruncate,fchown,fchmod",
  "stat,lstat,fstat,newfstatat,statx,readlink,getcwd,getdents64,fcntl,lseek",
].join(",");

export type Thread = "main" | "worker";

/** A system call that adding an item makes. */
export interface Call {
  readonly thread: Thread;
  readonly name: string;
  /** The how manieth of its name it is in its thread. */
  readonly nth: number;
  /** As strace writes it, with its arguments. */
  readonly line: string;
}

/** How it fails: with an error, or by the end of the process. */
export type Failure = `error=${string}` | "signal=KILL";

/** All that a vault's folder may hold when nobody changes it. */
const settled = ["identity.txt", "postern.yaml", "vault.age", "vault.age.lock", "vault.age.mark"];

/** Every system call on files that adding an item makes in a thread, in its order. */
export async function callsOf(thread: Thread): Promise<readonly Call[]> {
  using desk = await deskWithItem();
  using folder = new Folder();
  const trace = folder.file("trace");
  await change(desk, thread, ["-e", `trace=${onFiles}`, "-o", trace]);
  const count = new Map<string, number>();
  return [...readFileSync(trace, "utf8").matchAll(/^(\w+)\(.*$/gm)].map(([line, name = ""]) => {
    const nth = (count.get(name) ?? 0) + 1;
    count.set(name, nth);
    return { thread, name, nth, line };
  });
}

/**
 * Adds an item in another process in which this call fails. Expects the old or the new vault, whole, no matter where the
 * process was; nothing left behind by a process that lived on; and that the next change goes well, and clears away what
 * a killed one left.
 */
export async function survives(call: Call, failure: Failure): Promise<Ended> {
  for (let tries = 0; tries < 20; tries += 1) {
    const { ended, struck } = await attempt(call, failure);
    if (beginningOf(struck) === beginningOf(call.line)) return ended;
  }
  throw new Error(`the call was not met again in 20 runs: ${call.line}`);
}

/** Node's threads write to wake each other, now more often and now less: the nth write may be another than it was. */
const beginningOf = (line: string): string =>
  /^write\(\d+, "[^"]{0,12}/.exec(line)?.[0].replace(/\d+/, "") ?? "";

async function attempt(
  { thread, name, nth }: Call,
  failure: Failure,
): Promise<{ readonly ended: Ended; readonly struck: string }> {
  using desk = await deskWithItem();
  using folder = new Folder();
  const trace = folder.file("trace");
  const inject = `inject=${name}:${failure}:when=${nth}`;
  const ended = await change(desk, thread, ["-e", `trace=${name}`, "-e", inject, "-o", trace]);
  const lines = readFileSync(trace, "utf8").matchAll(new RegExp(`^${name}\\(.*$`, "gm"));
  const [struck = ""] = [...lines][nth - 1] ?? [];
  const vault = await desk.open();
  const found = namesIn(vault.items());
  if (ended.status === 0) expect(found).toEqual(["old", "new"]);
  // The new name may stand already when the disk does not confirm it.
  else if (ended.status === 3)
    expect(found).toEqual(ended.stdout.endsWith("file_not_durable") ? ["old", "new"] : ["old"]);
  else expect([["old"], ["old", "new"]]).toContainEqual(found);
  if (ended.status !== null) expect(settled).toEqual(expect.arrayContaining(filesOf(desk)));
  await vault.add("next", "bearer-token", tokenOf("canary-next"));
  expect(namesIn((await desk.open()).items())).toEqual([...found, "next"]);
  expect(filesOf(desk)).toEqual(settled);
  return { ended, struck };
}

const tokenOf = (value: string) => ({ facts: {}, secrets: { value: new Secret(value) } });
const namesIn = (items: readonly { name: string }[]): string[] => items.map(({ name }) => name);
/** The backups have names of their own, and are looked at in backup.test.ts. */
const filesOf = (desk: Desk): string[] =>
  Object.keys(desk.folder.contents()).filter(
    (name) => !/^vault\.age\.backups\/\d{8}-[0-9a-f]{8}\.age$/.test(name),
  );

async function deskWithItem(): Promise<Desk> {
  const desk = await Desk.make();
  await (await desk.open()).add("old", "bearer-token", tokenOf("canary-old"));
  return desk;
}

/** Has another process add the item "new", and strace look at one of its threads meanwhile. */
async function change(desk: Desk, thread: Thread, options: readonly string[]): Promise<Ended> {
  const env = { UV_THREADPOOL_SIZE: "1" };
  await using program = new Program(process.execPath, [changer, desk.vaultFile, desk.identityFile], { env });
  await program.firstLine();
  await using strace = new Program("strace", ["-p", String(threadOf(program.pid, thread)), ...options]);
  await eventually(() => expect(strace.stderr).toContain("attached"));
  const ended = await program.ended();
  await strace.ended();
  return ended;
}

function threadOf(pid: number, thread: Thread): number {
  if (thread === "main") return pid;
  const tasks = `/proc/${pid}/task`;
  const worker = readdirSync(tasks).find((task) =>
    readFileSync(`${tasks}/${task}/comm`, "utf8").startsWith("libuv-worker"),
  );
  if (worker === undefined) throw new Error("the process has no worker thread");
  return Number(worker);
}
