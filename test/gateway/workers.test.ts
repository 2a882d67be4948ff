import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { connect } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { certificate, put } from "../support/gateway.ts";
import { anotherClient } from "../support/pki.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { Streams } from "./streams.ts";

/** What `/readyz` answers. */
interface Readiness {
  readonly status: string;
  readonly reload: string;
  readonly workers: { readonly serving: number; readonly wanted: number };
}

const two = { settings: { workers: 2 } };

let it: PrivateEndpoint;
beforeEach(async () => {
  it = await startPrivateEndpoint(two);
});
afterEach(() => it[Symbol.asyncDispose]());

const readiness = async (): Promise<Readiness> =>
  JSON.parse((await it.gateway.admin("/readyz")).text) as Readiness;
const allServe = () =>
  eventually(async () => expect((await readiness()).workers).toEqual({ serving: 2, wanted: 2 }));

/** The workers that served the requests so far, each as often as it did. */
const servedBy = () => it.gateway.requests().map(({ worker }) => worker);

/** Asks so often that each worker has its turn, each time on a connection of its own. */
async function askAll(target: string): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (let turn = 0; turn < 6; turn += 1) statuses.push((await it.gateway.ask({ target })).status);
  return statuses;
}

const settings = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  workers: 2,
  listen: [it.gateway.base.replace("http://", "")],
  admin: it.gateway.app.admin.replace("http://", ""),
  endpoints: { [name]: { ...it.endpoint, ...more } },
});

describe("several workers", () => {
  test("share the connections evenly, and each line of the log says whose it is", async () => {
    for (let number = 0; number < 10; number += 1) await it.gateway.ask({ target: "/v1/x" });
    await it.gateway.ended(10);
    const byFirst = servedBy().filter((worker) => worker === 1).length;
    expect(servedBy().every((worker) => worker === 1 || worker === 2)).toBe(true);
    expect([4, 5, 6]).toContain(byFirst);
  });

  test("add up in the metrics: what is counted and what is in flight, but not what is the same for all", async () => {
    const streams = await Streams.open(it.gateway.base, it.upstream, 6);
    expect(await it.gateway.metric("postern_requests_in_flight", "private")).toBe(6);
    const expiry = await it.gateway.metric("postern_certificate_expiry_seconds");
    expect(Math.abs(expiry - (it.pki.client.expires.getTime() - Date.now()) / 1000)).toBeLessThan(120);
    await streams.send();
    expect(await streams.finish()).toEqual({ wrong: [], cut: [] });
    await it.gateway.ended(6);
    expect(await it.gateway.metric("postern_requests_total", 'status="200"')).toBe(6);
    expect(await it.gateway.metric("postern_configuration_last_reload_successful")).toBe(1);
  });
});

describe("one reload is for all workers", () => {
  test("and 200 streams on them go on to their end", async () => {
    const streams = await Streams.open(it.gateway.base, it.upstream, 200);
    await streams.send();
    it.gateway.write(settings("renamed"));
    await it.gateway.app.reload();
    await streams.send();
    it.upstream.answer = (exchange) => exchange.json({ ok: true });
    expect(await askAll("/renamed/v1/x")).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await askAll("/private/v1/x")).toEqual([404, 404, 404, 404, 404, 404]);
    await streams.send();
    expect(await streams.finish()).toEqual({ wrong: [], cut: [] });
    await it.gateway.ended(212);
    expect(new Set(servedBy())).toEqual(new Set([1, 2]));
    // The change of the file may be noticed beside the reload that was asked for, but never once for each worker.
    const reloaded = it.gateway.log.lines().filter(({ msg }) => msg === "reloaded");
    expect(reloaded.every((line) => !("worker" in line))).toBe(true);
    expect(await it.gateway.metric("postern_configuration_reloads_total")).toBe(reloaded.length);
  });

  test("that is broken leaves the last good state in force in all, and the next good one is taken", async () => {
    it.gateway.write("endpoints: [");
    await expect(it.gateway.app.reload()).rejects.toMatchObject({ code: "config_invalid" });
    expect(await askAll("/private/v1/x")).toEqual([200, 200, 200, 200, 200, 200]);
    expect((await readiness()).reload).toContain("the last good state stays in force");
    expect(await it.gateway.metric("postern_configuration_last_reload_successful")).toBe(0);
    it.gateway.write(settings("renamed"));
    await it.gateway.app.reload();
    expect(await askAll("/renamed/v1/x")).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await it.gateway.metric("postern_configuration_last_reload_successful")).toBe(1);
  });

  test("of the vault too: a rotated certificate is the next one that the endpoint sees, from each", async () => {
    await askAll("/v1/x");
    const next = await anotherClient(it.pki, "client.rotated.test");
    await it.gateway.vault.remove("gen-cert");
    await put(it.gateway.vault, "gen-cert", certificate(next));
    await eventually(async () => {
      it.upstream.forget();
      await askAll("/v1/x");
      expect(it.upstream.exchanges.map((exchange) => exchange.certificate)).toEqual(
        Array.from({ length: 6 }, () => "client.rotated.test"),
      );
    });
    await it.gateway.ended(12);
    expect(new Set(servedBy())).toEqual(new Set([1, 2]));
  });

  test("and says when the number of workers was changed, which needs a restart", async () => {
    it.gateway.write({ ...settings("private"), workers: 3 });
    await it.gateway.app.reload();
    expect(it.gateway.log.text).toContain("change only with a restart");
    expect((await readiness()).workers).toEqual({ serving: 2, wanted: 2 });
  });
});

test("a stop gives 200 streams on two workers their time, and takes no new connection", async () => {
  const streams = await Streams.open(it.gateway.base, it.upstream, 200);
  await streams.send();
  const stopped = it.gateway.app.stop();
  await eventually(() => expect(connect(it.gateway.base).then((client) => client.leave())).rejects.toThrow());
  await streams.send();
  expect(await streams.finish()).toEqual({ wrong: [], cut: [] });
  await stopped;
});

describe("a worker that is killed", () => {
  const pids = () => childrenOf(process.pid);

  test("takes its streams along and no others, is replaced, and is in the log", async () => {
    const streams = await Streams.open(it.gateway.base, it.upstream, 20);
    await streams.send();
    const [victim = 0, other = 0] = pids();
    process.kill(victim, "SIGKILL");
    await eventually(async () => expect((await readiness()).workers.serving).toBe(1));
    await streams.send().catch(() => {});
    const { wrong, cut } = await streams.finish();
    expect([wrong, cut.length]).toEqual([[], 10]);
    await allServe();
    expect(pids()).toContain(other);
    expect(pids()).not.toContain(victim);
    const line = it.gateway.log.lines().find(({ ended }) => ended === "SIGKILL");
    expect(String(line?.["msg"])).toContain("a worker ended");
    it.upstream.answer = (exchange) => exchange.json({ ok: true });
    expect(await askAll("/v1/x")).toEqual([200, 200, 200, 200, 200, 200]);
  });

  test("does not make a counter fall", async () => {
    await askAll("/v1/x");
    await it.gateway.ended(6);
    const total = () => it.gateway.metric("postern_requests_total", 'status="200"');
    expect(await total()).toBe(6);
    for (const pid of pids()) {
      process.kill(pid, "SIGKILL");
      await eventually(() => expect(pids()).not.toContain(pid));
      expect(await total()).toBe(6);
    }
    await allServe();
    await askAll("/v1/x");
    await it.gateway.ended(12);
    expect(await total()).toBe(12);
  });

  test("leaves the connections that come meanwhile to the others, and all keep theirs until there is one", async () => {
    const ask = () => it.gateway.ask({ target: "/v1/x" });
    const statuses = (answers: readonly { readonly status: number }[]) => [
      ...new Set(answers.map(({ status }) => status)),
    ];
    const [victim = 0] = pids();
    process.kill(victim, "SIGKILL");
    // Some are on their way to it before its end is known.
    expect(statuses(await Promise.all(Array.from({ length: 40 }, ask)))).toEqual([200]);
    await allServe();
    for (const pid of pids()) process.kill(pid, "SIGKILL");
    expect(statuses(await Promise.all(Array.from({ length: 40 }, ask)))).toEqual([200]);
    await allServe();
  });

  test("leaves its place to one with the configuration in force, which is the last good one", async () => {
    it.gateway.write(settings("renamed"));
    await it.gateway.app.reload();
    it.gateway.write("endpoints: [");
    await it.gateway.app.reload().catch(() => {});
    for (const pid of pids()) process.kill(pid, "SIGKILL");
    await eventually(async () => expect((await readiness()).workers.serving).toBe(0));
    expect((await readiness()).status).toBe("not ready");
    await allServe();
    expect(await askAll("/renamed/v1/x")).toEqual([200, 200, 200, 200, 200, 200]);
  });
});
