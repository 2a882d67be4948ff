import { cpSync, rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";

let it: PrivateEndpoint;
beforeEach(async () => {
  it = await startPrivateEndpoint({ settings: { workers: 2 } });
});
afterEach(() => it[Symbol.asyncDispose]());

const pids = () => childrenOf(process.pid);
const readiness = async () =>
  JSON.parse((await it.gateway.admin("/readyz")).text) as { reload: string; workers: unknown };
const serving = (count: number) =>
  eventually(async () => expect((await readiness()).workers).toEqual({ serving: count, wanted: 2 }), 60_000);

/** Takes the identity away, so that no new worker can open the vault; returns what gives it back. */
function lockOut(): () => void {
  const identity = it.gateway.folder.file("identity.txt");
  const copy = it.gateway.folder.file("copy.txt");
  cpSync(identity, copy);
  rmSync(identity);
  return () => cpSync(copy, identity);
}

test("a worker's place that nobody can take stays empty until the next reload, while the others serve on", async () => {
  const giveBack = lockOut();
  const [victim = 0] = pids();
  process.kill(victim, "SIGKILL");
  await eventually(() => expect(it.gateway.log.text).toContain("its place stays empty"), 120_000);
  expect(it.gateway.log.text).toContain("vault_locked");
  for (let turn = 0; turn < 4; turn += 1)
    expect((await it.gateway.ask({ target: "/v1/x" })).status).toBe(200);
  expect(it.gateway.app.lost.aborted).toBe(false);
  expect(pids()).toHaveLength(1);
  giveBack();
  await it.gateway.app.reload();
  await serving(2);
});

test("when no worker is left, and nobody can take a place, the gateway says that it is lost", async () => {
  lockOut();
  for (const pid of pids()) process.kill(pid, "SIGKILL");
  await eventually(
    () => expect(it.gateway.app.lost.reason).toMatchObject({ code: "worker_failed" }),
    120_000,
  );
});

test("a worker that does not answer leaves its place to another, and ends when it answers again", async () => {
  const [stuck = 0] = pids();
  process.kill(stuck, "SIGSTOP");
  await it.gateway.app.reload();
  expect(it.gateway.log.text).toContain("another takes its place");
  await serving(2);
  expect((await readiness()).reload).toContain("configuration applied");
  expect(pids()).toHaveLength(3);
  process.kill(stuck, "SIGCONT");
  await eventually(() => expect(pids()).not.toContain(stuck));
  expect(pids()).toHaveLength(2);
});
