import { readFileSync } from "node:fs";
import pino from "pino";
import { describe, expect, test } from "vitest";
import { ServingProcess } from "../../src/cluster/serving-process.ts";
import { configOf } from "../../src/config/load.ts";
import { digestOf } from "../../src/config/local-keys.ts";
import { createVault } from "../../src/vault/vault.ts";
import { ask, errorIn } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { bearer, put, type Settings, Sink, startGateway, textOf } from "../support/gateway.ts";
import { bringing, hashOf, makeKeys } from "./local-keys.ts";
import { fromCommand, isAlive, Stage, tokenIn } from "./token-sources.ts";

const { kept, revoked } = makeKeys("kept", "revoked");
const before = { kept: { hash: hashOf(kept) }, revoked: { hash: hashOf(revoked) } };
const after = { kept: before.kept };

/** A command that gives its token when there is a file, and notes its process. */
const slowly = (stage: Stage): string =>
  `echo $$ >> ${stage.folder.file("pids")}; until test -e ${stage.folder.file("go")}; do sleep 0.05; done; echo slow`;

test.each([1, 2])("a rename of an item keeps the token of its source (workers: %i)", async (workers) => {
  await using stage = await Stage.set();
  const command = stage.counting("run-", `test ! -e ${stage.folder.file("hang")} || sleep 1000;`);
  const endpoint = (item: string) => ({ url: `${stage.upstream.origin}/v1`, credentials: [item] });
  await using gateway = await startGateway(
    { workers, endpoints: { it: endpoint("token") } },
    { token: fromCommand(command, "1h") },
  );
  const status = async (): Promise<number> => (await gateway.ask({ target: "/v1/x" })).status;
  expect(await status()).toBe(200);
  stage.folder.write("hang", "");
  await gateway.vault.rename("token", "renamed", async () => {
    gateway.write({
      workers,
      listen: [gateway.base.replace("http://", "")],
      admin: gateway.app.admin.replace("http://", ""),
      endpoints: { renamed: endpoint("renamed") },
    });
    await eventually(async () => expect((await gateway.admin("/readyz")).text).toContain('"renamed"'));
    expect(await status()).toBe(200);
  });
  await eventually(() => expect(gateway.log.text).toContain('"what":"vault","vaultGeneration":4'));
  for (let turn = 0; turn < 4; turn += 1) expect(await status()).toBe(200);
});

describe("a reload that brings a source which does not answer", () => {
  test("is in force at once: a revoked key is refused, and a known source keeps its token", async () => {
    await using stage = await Stage.set();
    const { folder, upstream } = stage;
    const vault = await createVault({
      file: folder.file("vault.age"),
      identity: folder.file("identity.txt"),
    });
    await put(vault, "known", fromCommand(stage.counting("known-"), "1h"));
    await put(vault, "slow", fromCommand(slowly(stage), "1h"));
    const endpoint = (item: string) => ({ url: `${upstream.origin}/v1`, credentials: [item] });
    const read = (settings: Settings) => configOf(textOf(settings), folder.file("postern.yaml"));
    const config = read({ keys: before, endpoints: { known: endpoint("known") } });
    const logTo = new Sink();
    const serving = new ServingProcess({
      config,
      vault,
      log: pino(logTo),
      logTo,
      consoleDigest: digestOf("x"),
    });
    const address = { host: "127.0.0.1", port: 0 };
    const [base = ""] = await serving.listen([{ address, endpoint: undefined }]);

    const next = { keys: after, endpoints: { known: endpoint("known"), slow: endpoint("slow") } };
    const applied = serving.apply({ config: read(next) });
    // Nothing was awaited.
    expect(await serving.states()).toMatchObject([
      { endpoint: "known", ready: true },
      { endpoint: "slow", ready: false, code: "credential_unavailable" },
    ]);
    const asked = (name: string, key: string) =>
      ask(base, { target: `/${name}/v1/x`, headers: bringing(key) });
    expect((await asked("known", revoked)).status).toBe(401);
    expect((await asked("known", kept)).status).toBe(200);
    expect(errorIn(await asked("slow", kept)).message).toContain("has not answered yet");
    expect(upstream.exchanges.map(tokenIn)).toEqual(["known-1"]);
    folder.write("go", "");
    await applied;
    await eventually(async () => expect((await asked("slow", kept)).status).toBe(200));
    await serving.stop(AbortSignal.abort());
  });

  describe.each([1, 2])("(workers: %i)", (workers) => {
    const started = async (stage: Stage) => {
      const endpoint = (item: string) => ({ url: `${stage.upstream.origin}/v1`, credentials: [item] });
      const gateway = await startGateway(
        { workers, keys: before, endpoints: { plain: endpoint("plain") } },
        { plain: bearer("canary-plain-30c1"), slow: fromCommand(slowly(stage), "1h") },
      );
      gateway.write({
        workers,
        listen: [gateway.base.replace("http://", "")],
        admin: gateway.app.admin.replace("http://", ""),
        keys: after,
        endpoints: { plain: endpoint("plain"), slow: endpoint("slow") },
      });
      return gateway;
    };

    test("holds up no other change, and its endpoint serves when it has answered", async () => {
      await using stage = await Stage.set();
      await using gateway = await started(stage);
      const statuses = async (name: string, key: string): Promise<readonly number[]> => {
        const all: number[] = [];
        for (let turn = 0; turn < 4; turn += 1)
          all.push((await gateway.ask({ target: `/${name}/v1/x`, headers: bringing(key) })).status);
        return [...new Set(all)];
      };
      await eventually(async () => expect(await statuses("plain", revoked)).toEqual([401]));
      expect(await statuses("slow", kept)).toEqual([503]);
      await gateway.vault.remove("plain");
      await eventually(async () => expect(await statuses("plain", kept)).toEqual([503]));
      expect(await statuses("slow", kept)).toEqual([503]);
      stage.folder.write("go", "");
      await eventually(async () => expect(await statuses("slow", kept)).toEqual([200]));
    });

    test("ends with the gateway that is stopped meanwhile", async () => {
      await using stage = await Stage.set();
      await using gateway = await started(stage);
      const pids = await eventually(() => {
        const lines = readFileSync(stage.folder.file("pids"), "utf8").trim().split("\n");
        expect(lines).toHaveLength(workers);
        return lines.map(Number);
      });
      await gateway.app.stop();
      await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
      expect(gateway.log.lines().at(-1)).toMatchObject({ msg: "stopped" });
    });
  });
});
