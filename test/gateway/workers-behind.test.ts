import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { type Client, connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { bearer, put } from "../support/gateway.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { bringing, hashOf, makeKeys } from "./local-keys.ts";
import { Streams } from "./streams.ts";

const { kept, revoked, alsoRevoked } = makeKeys("kept", "revoked", "alsoRevoked");
const keysOf = (keys: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, { hash: hashOf(key) }]));
const target = "/private/v1/x";

let it: PrivateEndpoint;
beforeEach(async () => {
  const keys = keysOf({ kept, revoked, alsoRevoked });
  it = await startPrivateEndpoint({ settings: { workers: 2, keys } });
});
afterEach(() => it[Symbol.asyncDispose]());

const workers = () => childrenOf(process.pid);

const readiness = async () =>
  JSON.parse((await it.gateway.admin("/readyz")).text) as { reload: string; workers: unknown };
const allServe = () =>
  eventually(async () => expect((await readiness()).workers).toEqual({ serving: 2, wanted: 2 }));

/** Writes the configuration with these keys and no others. */
const allow = (keys: Readonly<Record<string, string>>): void =>
  it.gateway.write({
    workers: 2,
    listen: [it.gateway.base.replace("http://", "")],
    admin: it.gateway.app.admin.replace("http://", ""),
    keys: keysOf(keys),
    endpoints: { private: it.endpoint },
  });

const statusOn = async (client: Client, key: string): Promise<number> => {
  client.send({ target, headers: bringing(key) });
  return (await client.answer()).status;
};

/** The statuses that each worker answers with, each request on a connection of its own. */
async function statuses(key: string): Promise<readonly number[]> {
  const all: number[] = [];
  for (let turn = 0; turn < 4; turn += 1)
    all.push((await it.gateway.ask({ target, headers: bringing(key) })).status);
  return [...new Set(all)];
}

/** A connection to each worker, in their order. */
async function connectToEach(): Promise<readonly [Client, Client]> {
  const clients: Client[] = [];
  for (let number = 0; number < 2; number += 1) {
    const client = await connect(it.gateway.base);
    expect(await statusOn(client, kept)).toBe(200);
    const worker = (await it.gateway.ended(number + 1)).at(-1)?.["worker"];
    clients[Number(worker) - 1] = client;
  }
  const [first, second] = clients;
  if (first === undefined || second === undefined) throw new Error("one worker has got both connections");
  return [first, second];
}

/** Leaves a process no more descriptors, as when connections have used them up; returns what gives them back. */
function starve(pid: number): () => void {
  const limit = (...options: readonly string[]) =>
    execFileSync("prlimit", ["--pid", String(pid), ...options])
      .toString()
      .trim();
  const most = limit("--nofile", "--noheadings", "--output", "SOFT");
  limit("--nofile=5:");
  return () => void limit(`--nofile=${most}:`);
}

describe("a worker that cannot read the vault", () => {
  test("refuses a revoked key all the same, and sends a removed credential no more as soon as it can", async () => {
    const clients = await connectToEach();
    const [first = 0] = workers();
    const feed = starve(first);
    await put(it.gateway.vault, "spare", bearer("canary-spare-51b0"));
    allow({ kept, alsoRevoked });
    // A connection ends when another worker has come, which is as good.
    for (const client of clients)
      await eventually(async () => expect(await statusOn(client, revoked).catch(() => 401)).toBe(401));
    await it.gateway.vault.remove("gen-cert");
    await eventually(() =>
      expect(it.gateway.log.lines()).toContainEqual(
        expect.objectContaining({
          code: "worker_behind",
          message: expect.stringContaining("worker 1") as unknown,
          msg: "reload applied only in part",
        }),
      ),
    );
    feed();
    await eventually(async () => expect(await statuses(kept)).toEqual([503]));
    await eventually(async () => expect((await readiness()).reload).toContain("applied at"));
    expect(await it.gateway.metric("postern_configuration_last_reload_successful")).toBe(1);
    for (const client of clients) client.leave();
  });

  test("leaves its place to another before long, and what is in flight there goes on to its end", async () => {
    expect(await statuses(kept)).toEqual([200]);
    const answered = () => it.gateway.metric("postern_requests_total", 'status="200"');
    await it.gateway.ended(4);
    expect(await answered()).toBe(4);
    const streams = await Streams.open(it.gateway.base, it.upstream, 4, bringing(kept));
    await streams.send();
    const [first = 0] = workers();
    starve(first);
    await it.gateway.vault.remove("gen-cert");
    await eventually(() => expect(it.gateway.log.text).toContain("another takes its place"));
    await allServe();
    expect(await statuses(kept)).toEqual([503]);
    await eventually(async () => expect((await readiness()).reload).toContain("vault applied"));
    await streams.send();
    expect(workers()).toContain(first);
    expect(await answered()).toBe(4);
    expect(await streams.finish()).toEqual({ wrong: [], cut: [] });
    await eventually(() => expect(workers()).not.toContain(first));
    expect(workers()).toHaveLength(2);
    // No counter has fallen.
    expect(await answered()).toBeGreaterThanOrEqual(4);
  });

  test("ends with the gateway, even where it has left its place", async () => {
    const streams = await Streams.open(it.gateway.base, it.upstream, 2, bringing(kept));
    const [first = 0] = workers();
    starve(first);
    await put(it.gateway.vault, "spare", bearer("canary-spare-51b0"));
    await eventually(() => expect(it.gateway.log.text).toContain("another takes its place"));
    const stopped = it.gateway.app.stop();
    it.gateway.app.hurry();
    await stopped;
    expect(workers()).toEqual([]);
    expect((await streams.finish()).cut).toHaveLength(2);
  });
});

describe("a worker that does not answer", () => {
  test("holds up no change for the others, nor the one after it", async () => {
    const [stuck, other] = await connectToEach();
    const [first = 0] = workers();
    process.kill(first, "SIGSTOP");
    allow({ kept, alsoRevoked });
    await eventually(async () => expect(await statusOn(other, revoked)).toBe(401));
    allow({ kept });
    await eventually(async () => expect(await statusOn(other, alsoRevoked)).toBe(401));
    // Neither of them is in force everywhere yet.
    expect(it.gateway.log.text).not.toContain('"reloaded"');
    process.kill(first, "SIGCONT");
    await eventually(async () => expect((await readiness()).reload).toContain("configuration applied"));
    for (const key of [revoked, alsoRevoked]) expect(await statusOn(stuck, key)).toBe(401);
    for (const client of [stuck, other]) client.leave();
  });

  test("and dies before it has taken over a change leaves its place to one that has it", async () => {
    const [first = 0] = workers();
    process.kill(first, "SIGSTOP");
    allow({ kept });
    const reloaded = it.gateway.app.reload();
    process.kill(first, "SIGKILL");
    await reloaded;
    await allServe();
    expect(await statuses(revoked)).toEqual([401]);
    expect(await statuses(kept)).toEqual([200]);
  });
});
