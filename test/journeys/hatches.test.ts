import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { createVault } from "../../src/vault/vault.ts";
import { canaries, formsOf } from "../support/canaries.ts";
import { ask } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { put, textOf } from "../support/gateway.ts";
import { makePki } from "../support/pki.ts";
import { postern, Program, type Ready, readyLine } from "../support/process.ts";

// Each signal goes to a plain Node.js process as well: only when that one has shown what it can, the gateway's silence
// means something.

/** Where a program runs, and asks Node.js to report whatever it can, wherever it can. */
const curious = (cwd: string) => ({
  cwd,
  env: {
    NODE_OPTIONS: "--report-on-signal --report-on-fatalerror --report-uncaught-exception --inspect-port=0",
    CANARY: "canary-of-the-environment",
  },
});

/** A process as Node.js makes it, which stays up. */
const plain = (folder: Folder): Program =>
  new Program(
    process.execPath,
    ["-e", "setInterval(() => {}, 1000); console.log('up')"],
    curious(folder.path),
  );

/** The TCP ports at which a process listens, from what the kernel knows of it. */
function portsOf(pid: number): readonly number[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed meanwhile.
        return [];
      }
    }),
  );
  const listening = "0A";
  return ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === listening && sockets.has(inode ?? ""))
      .map(([, local]) => Number.parseInt(local?.split(":")[1] ?? "", 16)),
  );
}

const vaultFolder = new Folder();
let forms: readonly string[];
beforeAll(async () => {
  const vault = await createVault({
    file: vaultFolder.file("vault.age"),
    identity: vaultFolder.file("identity.txt"),
  });
  const all = canaries(await makePki());
  for (const { kind, value, facts } of Object.values(all))
    await put(vault, `my-${kind}`, { kind, value, facts });
  forms = Object.values(all).flatMap(({ secrets }) => secrets.flatMap(formsOf));
});
afterAll(() => vaultFolder[Symbol.dispose]());

describe.each([1, 2])("with workers: %i", (workers) => {
  /** Serves while `look` looks at its processes and at the folder in which it runs. */
  async function serving(look: (pids: readonly number[], cwd: Folder, ready: Ready) => Promise<void>) {
    using cwd = new Folder();
    const config = vaultFolder.write(
      `postern-${workers}.yaml`,
      textOf({
        workers,
        endpoints: { hub: { url: "https://127.0.0.1:1", credentials: ["my-bearer-token"] } },
      }),
    );
    await using program = postern(["serve", "--config", config], curious(cwd.path));
    const ready = await readyLine(program);
    await look([program.pid, ...childrenOf(program.pid)], cwd, ready);
    expect(program.child.exitCode).toBe(null);
    for (const form of forms) expect(program.stderr).not.toContain(form);
  }

  test("kill -USR1 opens no inspector", async () => {
    await serving(async (pids, cwd, ready) => {
      await using other = plain(cwd);
      await other.firstLine();
      const before = pids.map(portsOf);
      for (const pid of [...pids, other.pid]) process.kill(pid, "SIGUSR1");
      await eventually(() => expect(portsOf(other.pid)).toHaveLength(1));
      expect(pids.map(portsOf)).toEqual(before);
      expect((await ask(ready.admin, { target: "/readyz" })).status).toBe(200);
    });
  });

  test("kill -USR2 writes no diagnostic report, even where NODE_OPTIONS asks for one", async () => {
    await serving(async (pids, cwd, ready) => {
      using elsewhere = new Folder();
      await using other = plain(elsewhere);
      await other.firstLine();
      for (const pid of [...pids, other.pid]) process.kill(pid, "SIGUSR2");
      await eventually(() => expect(readdirSync(elsewhere.path)).toHaveLength(1));
      const [report = ""] = readdirSync(elsewhere.path);
      await eventually(() =>
        expect(readFileSync(elsewhere.file(report), "utf8")).toContain("canary-of-the-environment"),
      );
      expect(readdirSync(cwd.path)).toEqual([]);
      expect((await ask(ready.admin, { target: "/readyz" })).status).toBe(200);
    });
  });
});
