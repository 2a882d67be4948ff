import { expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { WorkerPoolLive } from "../../src/cluster/worker-pool-live.ts";
import { ServingProcessLive } from "../../src/cluster/serving-process-live.ts";
import { Traffic } from "../../src/gateway/live/traffic.ts";
import { beginRecord, type RequestRecord } from "../../src/gateway/record.ts";
import { asAdmin } from "../console/admin-client.ts";
import { Watcher } from "../console/live-watcher.ts";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startPrivateEndpoint } from "../support/private-endpoint.ts";

/** Two workers without their processes. */
class Two {
  readonly traffics = [new Traffic(), new Traffic()] as const;
  readonly processes = this.traffics.map((traffic) => new ServingProcessLive(traffic));
  readonly pool = new WorkerPoolLive(async (name, about) => {
    const ask = async (serving: ServingProcessLive): Promise<unknown> => {
      if (name === "history") return serving.counted(about as string | undefined);
      if (name === "stopRequest") return serving.stop(about as string);
      return name === "latest" ? serving.latest() : serving.look(about as { most: number });
    };
    return (await Promise.all(this.processes.map(ask))) as never;
  });
  #made = 0;

  /** A request of one of them; a higher number ends later. */
  request(more: Partial<RequestRecord> = {}): RequestRecord {
    const number = (this.#made += 1);
    const startedAt = 1e12 + number * 1000;
    return {
      ...beginRecord({ number, id: `n${number}`, method: "GET", startedMs: 0, startedAt }),
      endedMs: 10,
      outcome: "done",
      status: 200,
      endpoint: "private",
      ...more,
    };
  }
}

const idsOf = (requests: readonly { readonly requestId: string }[]): readonly string[] =>
  requests.map(({ requestId }) => requestId);

test("several workers show the newest of all, and say how much they leave out", async () => {
  const two = new Two();
  for (let turn = 0; turn < 3; turn += 1) for (const traffic of two.traffics) traffic.ended(two.request());
  const first = await two.pool.look({ since: undefined, most: 4 });
  expect(idsOf(first.ended)).toEqual(["n6", "n5", "n4", "n3"]);
  expect(first.leftOut).toBe(0);
  expect((await two.pool.look({ since: first.cursor, most: 4 })).ended).toEqual([]);
  for (let turn = 0; turn < 5; turn += 1) for (const traffic of two.traffics) traffic.ended(two.request());
  const next = await two.pool.look({ since: first.cursor, most: 4 });
  expect(idsOf(next.ended)).toEqual(["n16", "n15", "n14", "n13"]);
  expect(next.leftOut).toBe(6);
  expect(next.lastHour).toEqual({ requests: 16, errors: 0 });
});

test("several workers show what is in flight with each of them, and stop it there", async () => {
  const two = new Two();
  const stopped: number[] = [];
  for (let turn = 0; turn < 3; turn += 1)
    for (const traffic of two.traffics) {
      const one = two.request({ endedMs: undefined, outcome: undefined });
      traffic.begun(one, { stop: () => stopped.push(one.number) });
    }
  const { inFlight, inFlightCount } = await two.pool.look({ since: undefined, most: 4 });
  expect(idsOf(inFlight)).toEqual(["n6", "n5", "n4", "n3"]);
  expect(inFlightCount).toBe(6);
  expect(await two.pool.stop(inFlight[1]?.id ?? "")).toBe(true);
  expect(stopped).toEqual([5]);
  expect(await two.pool.stop("ffffffff-5")).toBe(false);
});

test("of an endpoint that several workers serve, the last request is the last of all", async () => {
  const two = new Two();
  const [a, b] = two.traffics;
  a.ended(two.request({ endpoint: "x" }));
  b.ended(two.request({ endpoint: "x" }));
  b.ended(two.request({ endpoint: "y" }));
  a.ended(two.request({ endpoint: "y" }));
  const latest = await two.pool.latest();
  expect([latest.get("x")?.requestId, latest.get("y")?.requestId]).toEqual(["n2", "n4"]);
});

test("a worker that dies is followed by one that begins anew, and whoever watches hears of both and of no error", async () => {
  await using it = await startPrivateEndpoint({ settings: { workers: 2 } });
  await using watcher = await Watcher.follow(it.gateway);
  const send = async (from: number): Promise<void> => {
    for (let number = from; number < from + 6; number += 1) {
      const client = await connect(it.gateway.base);
      client.send({ target: "/v1/x", headers: [`X-Request-Id: n${number}`] });
      expect((await client.answer()).status).toBe(200);
      client.leave();
    }
    await eventually(() => {
      const fresh = idsOf(watcher.told).filter((id) => Number(id.slice(1)) >= from);
      expect(fresh.toSorted()).toEqual(Array.from({ length: 6 }, (_, i) => `n${from + i}`));
    });
  };
  await send(100);
  const serving = async (): Promise<number> =>
    (JSON.parse((await it.gateway.admin("/readyz")).text) as { workers: { serving: number } }).workers
      .serving;
  const [worker = 0] = childrenOf(process.pid);
  process.kill(worker, "SIGKILL");
  await eventually(() => expect(it.gateway.log.text).toContain("a worker ended"));
  await eventually(async () => expect(await serving()).toBe(2));
  await send(200);
  expect(watcher.events.filter(({ name }) => name === "snapshot")).toHaveLength(1);
  expect(new Set(watcher.told.map(({ id }) => id)).size).toBe(12);
  // What the dead one had seen went with it.
  const answer = await asAdmin(it.gateway, "/live/requests");
  const kept = idsOf(((await answer.json()) as { requests: { requestId: string }[] }).requests);
  expect(kept.filter((id) => id.startsWith("n2"))).toHaveLength(6);
  expect(kept.length).toBeLessThan(12);
});
