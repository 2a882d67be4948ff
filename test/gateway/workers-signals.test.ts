import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { ask, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { Served } from "./served.ts";
import { Streams } from "./streams.ts";

let pki: Pki;
let upstream: Upstream;
beforeAll(async () => {
  pki = await makePki();
  upstream = await startUpstream(demanding(pki));
});
afterAll(() => upstream.stop());

const start = (): Promise<Served> => Served.start(upstream, pki, { workers: 2 });

/** Throws when nobody listens. */
const enter = async (base: string): Promise<void> => (await connect(base)).leave();

test("the ready line comes once, with the primary's process, when all workers serve", async () => {
  await using served = await start();
  expect(served.ready.pid).toBe(served.program.pid);
  expect(childrenOf(served.program.pid)).toHaveLength(2);
  const { status, stdout, stderr } = await served.program.stop();
  expect([status, stdout.trim().split("\n").length]).toEqual([0, 1]);
  for (const line of stderr.trim().split("\n")) expect(JSON.parse(line)).toHaveProperty("msg");
});

test("SIGHUP reloads them all", async () => {
  await using served = await start();
  served.write({ workers: 2 }, "renamed");
  served.signal("SIGHUP");
  await eventually(async () => {
    for (let turn = 0; turn < 4; turn += 1)
      expect((await ask(served.base, { target: "/renamed/v1/models" })).status).not.toBe(404);
  });
});

describe.each([
  ["SIGTERM to the primary", "SIGTERM", false],
  ["SIGINT to the whole process group, as Ctrl-C in a terminal sends it,", "SIGINT", true],
] as const)("%s", (_, signal, group) => {
  test("lets the streams of all workers end, and exits with 0", async () => {
    await using served = await start();
    const workers = childrenOf(served.program.pid);
    const streams = await Streams.open(served.base, upstream, 20);
    served.signal(signal, group);
    await eventually(() => expect(enter(served.base)).rejects.toThrow());
    expect((await ask(served.ready.admin, { target: "/readyz" })).status).toBe(503);
    await streams.send();
    expect(await streams.finish()).toEqual({ wrong: [], cut: [] });
    expect(await served.over(workers)).toBe(0);
  });

  test("ends them at once the second time", async () => {
    await using served = await start();
    const workers = childrenOf(served.program.pid);
    const streams = await Streams.open(served.base, upstream, 4);
    served.signal(signal, group);
    await eventually(() => expect(enter(served.base)).rejects.toThrow());
    served.signal(signal, group);
    expect(await served.over(workers)).toBe(1);
    expect((await streams.finish()).cut).toEqual([0, 1, 2, 3]);
  });
});

test("a primary that is killed takes its workers along, and its port is free", async () => {
  await using served = await start();
  const workers = childrenOf(served.program.pid);
  served.signal("SIGKILL");
  await served.over(workers);
  await expect(enter(served.base)).rejects.toThrow();
});
