import { describe, expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { eventually } from "../support/eventually.ts";
import { Program } from "../support/process.ts";
import { Desk } from "./desk.ts";
import { callsOf, survives } from "./faults.ts";

const calls = [...(await callsOf("main")), ...(await callsOf("worker"))];
const every = calls.flatMap((call) =>
  (["error=EIO", "signal=KILL"] as const).map((failure) => ({ failure, call })),
);

describe("a vault is whole, old or new, after", () => {
  test.concurrent.each(every)(
    "$failure at $call.name number $call.nth of the $call.thread thread",
    async ({ call, failure }) => {
      await survives(call, failure);
    },
  );

  test("faults at all steps of a change", () => {
    const names = new Set(calls.map(({ name }) => name));
    expect([...names]).toEqual(expect.arrayContaining(["openat", "write", "fsync", "rename", "fcntl"]));
  });
});

test("a lock holder that is stopped, not dead, is waited for and then named as the reason", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await using holding = new Program(process.execPath, [
    new URL("./holder.ts", import.meta.url).pathname,
    desk.vaultFile,
  ]);
  await holding.firstLine();
  holding.child.kill("SIGSTOP");
  const add = () => vault.add("a", "bearer-token", { facts: {}, secrets: { value: new Secret("canary") } });
  await expect(add()).rejects.toMatchObject({ code: "vault_busy" });
  // Reading goes on meanwhile.
  expect((await desk.open()).items()).toEqual([]);
  await holding.stop("SIGKILL");
  await eventually(add);
});
