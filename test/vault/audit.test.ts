import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { entriesOf } from "../../src/vault/audit/audit-entry.ts";
import { readLog } from "../../src/vault/audit/audit-file.ts";
import { recorderFor } from "../../src/vault/audit/audit.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { postern, Program, readyLine } from "../support/process.ts";
import { Desk, tool } from "./desk.ts";

const canary = "canary-audit-5e1f09c2d7a84b36";
const recorder = fileURLToPath(new URL("./recorder.ts", import.meta.url));

/** A desk whose vault holds a token. */
async function deskWithToken(): Promise<Desk> {
  const desk = await Desk.make();
  await desk.vault(["add", "bearer-token", "tok", "--stdin"], { stdin: canary });
  return desk;
}
const logOf = (desk: Desk) => desk.folder.file("audit.log");
const entries = (desk: Desk) => entriesOf(readLog(logOf(desk), 5)).entries;

test("each command's use stands in the record with its command, process and user, and never the value", async () => {
  using desk = await deskWithToken();
  using other = await Desk.make();
  const { recipient } = await other.identity();
  const used: readonly (readonly [args: readonly string[], action: string])[] = [
    [["list"], "list"],
    [["show", "tok"], "show"],
    [["show", "tok", "--reveal"], "reveal"],
    [["download", "tok", "--stdout"], "download"],
    [["rename", "tok", "t2"], "rename"],
    [["rotate", "t2"], "rotate"],
    [["rotate", "t2", "--back"], "bring-back"],
    [["backup", "copy.age"], "backup"],
    [["export", "plain.json", "--unsafe-plain"], "export"],
    [["import", "plain.json", "--replace"], "import"],
    [["recipient", "add", "other", recipient], "recipient-add"],
    [["recipient", "remove", "other"], "recipient-remove"],
    [["rekey"], "rekey"],
    [["restore", "copy.age"], "restore"],
    [["remove", "t2", "--yes"], "remove"],
  ];
  for (const [args, action] of used) {
    const { status, stderr } = await desk.vault(args);
    // The backup was sealed for the identity that was replaced.
    expect(status, stderr).toBe(action === "restore" ? 1 : 0);
    const last = entries(desk).at(-1);
    expect(last, args.join(" ")).toMatchObject({ action, pid: process.pid, uid: process.getuid?.() });
    expect(last?.command).toMatch(`vault ${args[0]}`);
    expect(last?.error === undefined, args.join(" ")).toBe(status === 0);
  }
  expect(readFileSync(logOf(desk), "utf8")).not.toContain(canary);
  expect(statSync(logOf(desk)).mode & 0o777).toBe(0o600);
});

test("a use that was refused stands in the record with its error", async () => {
  using desk = await deskWithToken();
  expect(await desk.vault(["show", "nope", "--reveal"])).toMatchObject({ status: 1 });
  expect(entries(desk).at(-1)).toMatchObject({ action: "reveal", item: "nope", error: "item_unknown" });
});

test("what can be no name, such as a key that was put in its place, is not recorded", async () => {
  using desk = await Desk.make();
  const key = (await desk.identity()).key.expose();
  for (const args of [
    ["show", key],
    ["remove", key, "--yes"],
    ["rename", "tok", key],
    ["recipient", "add", key, "owner"],
    ["recipient", "remove", key],
  ])
    expect((await desk.vault(args)).status, args[0]).not.toBe(0);
  expect(readFileSync(logOf(desk), "utf8")).not.toContain(key);
});

describe("a use whose record cannot be written takes place, and says so", () => {
  test.each([
    ["a folder in its place", (log: string) => mkdirSync(log), "audit_unwritable", "cannot write"],
    [
      "a file that others can read",
      (log: string) => writeFileSync(log, "", { mode: 0o644 }),
      "audit_exposed",
      "chmod 600",
    ],
    ["a symbolic link", (log: string) => symlinkSync("/dev/null", log), "audit_unwritable", "cannot write"],
    [
      "a pipe that nobody reads",
      (log: string) => tool("mkfifo", ["-m", "600", log]),
      "audit_unwritable",
      "cannot write",
    ],
  ])("%s", async (_what, spoil, _code, says) => {
    using desk = await Desk.make();
    spoil(logOf(desk));
    const added = await desk.vault(["add", "bearer-token", "tok", "--stdin"], { stdin: canary });
    expect(added.status).toBe(0);
    expect(added.stderr).toContain("warning: ");
    expect(added.stderr).toContain(says);
    expect((await desk.open()).find("tok")).toBeDefined();
  });
});

test("a line that a full disk has cut off takes no other with it", async () => {
  using desk = await deskWithToken();
  writeFileSync(logOf(desk), `${readFileSync(logOf(desk), "utf8")}{"at":"2026-`);
  await desk.vault(["show", "tok"]);
  const { entries, unreadable } = entriesOf(readLog(logOf(desk), 5));
  expect([entries.map(({ action }) => action), unreadable]).toEqual([["add", "show"], 1]);
});

test("with off nothing is recorded, and postern audit says so", async () => {
  using desk = await deskWithToken();
  const before = readFileSync(logOf(desk), "utf8");
  desk.folder.write(
    "postern.yaml",
    `${readFileSync(desk.folder.file("postern.yaml"), "utf8")}audit: { to: off }\n`,
  );
  await desk.vault(["show", "tok", "--reveal"]);
  expect(readFileSync(logOf(desk), "utf8")).toBe(before);
  expect(await desk.postern(["audit"])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("says off"),
  });
});

test("eight processes that write at once, and put full files away, lose no line and tear none", async () => {
  using folder = new Folder();
  const file = folder.file("audit.log");
  const programs = Array.from(
    { length: 8 },
    (_, n) => new Program(process.execPath, [recorder, file, `p${n}`, "50"]),
  );
  for (const program of programs)
    expect(await program.ended()).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const { entries, unreadable } = entriesOf(readLog(file, 100));
  expect(unreadable).toBe(0);
  expect(new Set(entries.map(({ item }) => item)).size).toBe(400);
  expect(existsSync(`${file}.2`)).toBe(true);
});

test("no more files are kept than the configuration says, and the newest lines are in them", () => {
  using folder = new Folder();
  const file = folder.file("audit.log");
  const failed = (error: Error) => expect.unreachable(error.message);
  const record = recorderFor({
    config: { vault: file, audit: { file, maxBytes: 4096, keep: 2 } },
    command: "test",
    failed,
  });
  for (let n = 0; n < 500; n += 1) record({ action: "show", item: `item-${n}` });
  expect(
    Object.keys(folder.contents())
      .filter((name) => !name.endsWith(".lock"))
      .sort(),
  ).toEqual(["audit.log", "audit.log.1", "audit.log.2"].filter((name) => existsSync(folder.file(name))));
  const items = entriesOf(readLog(file, 2)).entries.map(({ item }) => item);
  expect(items).toEqual(Array.from({ length: items.length }, (_, n) => `item-${500 - items.length + n}`));
  expect(items.length).toBeGreaterThan(60);
});

describe("postern audit", () => {
  const line = (at: string, more: object) =>
    JSON.stringify({ at, command: "vault show", pid: 1, uid: 0, action: "show", ...more });

  test("filters by item, endpoint, action, time and failure, and names lines that it cannot read", async () => {
    using desk = await Desk.make();
    const now = Date.now();
    const at = (hours: number) => new Date(now - hours * 3_600_000).toISOString();
    desk.folder.write("audit.log.1", `${line(at(50), { item: "old" })}\n`);
    desk.folder.write(
      "audit.log",
      [
        line(at(3), { item: "a", action: "attach", endpoint: "e" }),
        line(at(2), { item: "b", error: "item_unknown" }),
        '{"at":"2026-',
        line(at(1), { item: "c\u001b[2J" }),
        "",
      ].join("\n"),
    );
    const items = async (...options: readonly string[]): Promise<unknown> => {
      const { stdout } = await desk.postern(["audit", "--json", ...options]);
      return (JSON.parse(stdout) as { item: string }[]).map(({ item }) => item);
    };
    expect(await items()).toEqual(["old", "a", "b", "c\u001b[2J"]);
    expect(await items("--item", "a")).toEqual(["a"]);
    expect(await items("--endpoint", "e")).toEqual(["a"]);
    expect(await items("--action", "attach")).toEqual(["a"]);
    expect(await items("--since", "24h")).toEqual(["a", "b", "c\u001b[2J"]);
    expect(await items("--since", at(2.5))).toEqual(["b", "c\u001b[2J"]);
    expect(await items("--failed")).toEqual(["b"]);
    const plain = await desk.postern(["audit"]);
    expect(plain.stderr).toContain("a line of");
    expect(plain.stdout).not.toContain("\u001b");
  });

  test.each(["yesterday", "5", "2026-13-40", "-1h"])("refuses --since %s", async (since) => {
    using desk = await Desk.make();
    expect(await desk.postern(["audit", `--since=${since}`])).toMatchObject({ status: 2 });
  });

  test("refuses an action that there is not, with those that there are", async () => {
    using desk = await Desk.make();
    const { status, stderr } = await desk.postern(["audit", "--action", "frob"]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/--action .* attach, .* unlock\n/)]);
  });

  test("refuses a pipe in the log's place, without a wait for whoever writes to it", async () => {
    using desk = await Desk.make();
    tool("mkfifo", ["-m", "600", logOf(desk)]);
    expect(await desk.postern(["audit"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("it is not a regular file"),
    });
  });

  test("refuses a log that others can read", async () => {
    using desk = await deskWithToken();
    chmodSync(logOf(desk), 0o640);
    expect(await desk.postern(["audit"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("mode 0640"),
    });
  });
});

test("the gateway records an item once for each value that it attaches, not for each request", async () => {
  using desk = await deskWithToken();
  let asked = 0;
  const server = createServer((_, answer) => {
    asked += 1;
    answer.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const yaml = `vault: file:vault.age
identity: file:identity.txt
listen: 127.0.0.1:0
admin: 127.0.0.1:0
endpoints: { private: { url: ${origin}/v1, credentials: [tok] } }
`;
  const config = desk.folder.write("postern.yaml", yaml);
  await using program = postern(["serve", "--config", config]);
  const { listen, pid } = await readyLine(program);
  const attached = () => entries(desk).filter(({ action }) => action === "attach");
  for (let n = 0; n < 3; n += 1) await (await fetch(`${listen[0]}/v1/models`)).text();
  expect(asked).toBe(3);
  await eventually(() => expect(attached()).toHaveLength(1));
  expect(attached()[0]).toMatchObject({
    command: "serve",
    pid,
    item: "tok",
    endpoint: "private",
    about: origin,
  });
  await desk.vault(["rotate", "tok"]);
  await eventually(() => expect(attached()).toHaveLength(2));
  server.close();
  server.closeAllConnections();
  expect(`${program.stdout}${program.stderr}${readFileSync(logOf(desk), "utf8")}`).not.toContain(canary);
});
