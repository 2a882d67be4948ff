import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { childrenOf } from "../../bench/accounting.ts";
import { startApp } from "../../src/app.ts";
import { Secret } from "../../src/secret.ts";
import { createVault } from "../../src/vault/vault.ts";
import { ask } from "../support/client.ts";
import { Folder } from "../support/folder.ts";
import { Sink, startGateway, textOf } from "../support/gateway.ts";

test("workers are as many as the machine runs at once, where the configuration says auto", async () => {
  await using auto = await startGateway({ workers: "auto", endpoints: {} }, {});
  const { workers } = JSON.parse((await auto.admin("/readyz")).text) as { workers: unknown };
  expect(workers).toEqual({ serving: availableParallelism(), wanted: availableParallelism() });
});

test("workers that cannot listen are no gateway: the start says why, and leaves no process", async () => {
  const before = childrenOf(process.pid);
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const listen = [`127.0.0.1:${(other.address() as AddressInfo).port}`];
  const start = startGateway({ workers: 3, listen, endpoints: {} }, {});
  await expect(start).rejects.toMatchObject({ code: "address_in_use" });
  expect(childrenOf(process.pid)).toEqual(before);
  other.close();
});

test("workers serve at a Unix socket that only its owner can open, and that is gone with them", async () => {
  await using gateway = await startGateway(
    { workers: 2, listen: ["unix:run/g.sock", "127.0.0.1:0"], endpoints: {} },
    {},
  );
  expect(gateway.app.listen[0]).toBe(`unix:${gateway.folder.file("run/g.sock")}`);
  for (const base of gateway.app.listen) expect((await ask(base, { target: "/v1/x" })).status).toBe(404);
  const socket = () => Object.keys(gateway.folder.contents()).filter((name) => name.endsWith(".sock"));
  await gateway.app.stop();
  expect(socket()).toEqual([]);
});

test("workers open a vault whose identity is encrypted, and the passphrase is asked for once", async () => {
  using folder = new Folder();
  const passphrase = new Secret("canary-passphrase-2f7b90");
  await createVault({
    file: folder.file("vault.age"),
    identity: folder.file("identity.txt"),
    passphrase,
  });
  const log = new Sink();
  let asked = 0;
  const configFile = folder.write("postern.yaml", textOf({ workers: 2, endpoints: {} }));
  const ask = async (): Promise<Secret> => {
    asked += 1;
    return passphrase;
  };
  const app = await startApp({ configFile, logTo: log, unlocking: { env: {}, ask } });
  await app.stop();
  expect(asked).toBe(1);
  expect(log.text).not.toContain("canary");
});
