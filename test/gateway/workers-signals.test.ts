import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { createVault } from "../../src/vault/vault.ts";
import { ask, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { certificate, put, textOf } from "../support/gateway.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { Program, type Ready, readyLine } from "../support/process.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { Streams } from "./streams.ts";

let pki: Pki;
let upstream: Upstream;
beforeAll(async () => {
  pki = await makePki();
  upstream = await startUpstream(demanding(pki));
});
afterAll(() => upstream.stop());

/** `postern serve` with two workers, in a process group of its own. */
class Served implements AsyncDisposable {
  readonly folder = new Folder();
  readonly program: Program;
  readonly ready: Ready;

  private constructor(folder: Folder, program: Program, ready: Ready) {
    this.folder = folder;
    this.program = program;
    this.ready = ready;
  }

  static async start(): Promise<Served> {
    const folder = new Folder();
    const vault = await createVault({
      file: folder.file("vault.age"),
      identity: folder.file("identity.txt"),
    });
    await put(vault, "gen-cert", certificate(pki.client));
    folder.write("server-ca.pem", pki.serverCa.certificate);
    const config = folder.write(
      "postern.yaml",
      textOf({ workers: 2, endpoints: Served.endpoints("private") }),
    );
    const program = new Program("setsid", ["bin/postern", "serve", "--config", config]);
    return new Served(folder, program, await readyLine(program));
  }

  static endpoints(name: string) {
    return { [name]: { url: `${upstream.origin}/v1`, credentials: ["gen-cert"], ca: "server-ca.pem" } };
  }

  get base(): string {
    return this.ready.listen[0] ?? "";
  }

  /** Waits for its end, and for that of its workers. */
  async over(workers: readonly number[]): Promise<number | null> {
    const { status } = await this.program.ended();
    await eventually(() => {
      for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow();
    });
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

/** Throws when nobody listens. */
const enter = async (base: string): Promise<void> => (await connect(base)).leave();

test("the ready line comes once, with the primary's process, when all workers serve", async () => {
  await using served = await Served.start();
  expect(served.ready.pid).toBe(served.program.pid);
  expect(childrenOf(served.program.pid)).toHaveLength(2);
  const { status, stdout, stderr } = await served.program.stop();
  expect([status, stdout.trim().split("\n").length]).toEqual([0, 1]);
  for (const line of stderr.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");
});

test("SIGHUP reloads them all", async () => {
  await using served = await Served.start();
  writeFileSync(
    served.folder.file("postern.yaml"),
    textOf({ workers: 2, endpoints: Served.endpoints("renamed") }),
  );
  process.kill(served.program.pid, "SIGHUP");
  await eventually(async () => {
    for (let turn = 0; turn < 4; turn += 1)
      expect((await ask(served.base, { target: "/renamed/v1/models" })).status).not.toBe(404);
  });
});

describe.each([
  ["SIGTERM to the primary", "SIGTERM", 1],
  ["SIGINT to the whole process group, as Ctrl-C in a terminal sends it,", "SIGINT", -1],
] as const)("%s", (_, signal, sign) => {
  test("lets the streams of all workers end, and exits with 0", async () => {
    await using served = await Served.start();
    const workers = childrenOf(served.program.pid);
    const streams = await Streams.open(served.base, upstream, 20);
    process.kill(sign * served.program.pid, signal);
    await eventually(() => expect(enter(served.base)).rejects.toThrow());
    expect((await ask(served.ready.admin, { target: "/readyz" })).status).toBe(503);
    await streams.send();
    expect(await streams.finish()).toEqual({ wrong: [], cut: [] });
    expect(await served.over(workers)).toBe(0);
  });

  test("ends them at once the second time", async () => {
    await using served = await Served.start();
    const workers = childrenOf(served.program.pid);
    const streams = await Streams.open(served.base, upstream, 4);
    process.kill(sign * served.program.pid, signal);
    await eventually(() => expect(enter(served.base)).rejects.toThrow());
    process.kill(sign * served.program.pid, signal);
    expect(await served.over(workers)).toBe(1);
    expect((await streams.finish()).cut).toEqual([0, 1, 2, 3]);
  });
});

test("a primary that is killed takes its workers along, and its port is free", async () => {
  await using served = await Served.start();
  const workers = childrenOf(served.program.pid);
  process.kill(served.program.pid, "SIGKILL");
  await served.over(workers);
  await expect(enter(served.base)).rejects.toThrow();
});
