import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "../../src/app.ts";
import { createVault, type Vault } from "../../src/vault/vault.ts";
import { ask } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { Folder } from "../support/folder.ts";
import { certificate, put, Sink, textOf } from "../support/gateway.ts";
import { Mount } from "../support/mount.ts";
import { anotherClient, makePki, type Pki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

let folder: Folder;
let pki: Pki;
let other: Pki;
let upstream: Upstream;
/** Where the vault is changed, before it is mounted. */
let desk: Vault;
let app: RunningApp;
let log: Sink;
let config: Mount;
let authority: Mount;
let vault: Mount;

const settings = (name: string): string =>
  textOf({
    vault: "file:../vault/vault.age",
    identity: "file:../identity.txt",
    endpoints: { [name]: { url: `${upstream.origin}/v1`, credentials: ["gen-cert"], ca: "../ca/ca.pem" } },
  });
const vaultBytes = (): Buffer => readFileSync(folder.file("desk.age"));

beforeEach(async () => {
  [pki, other] = await Promise.all([makePki(), makePki()]);
  upstream = await startUpstream(demanding(pki));
  folder = new Folder();
  desk = await createVault({ file: folder.file("desk.age"), identity: folder.file("identity.txt") });
  await put(desk, "gen-cert", certificate(pki.client));
  config = new Mount(folder.file("config"), { "postern.yaml": settings("private") });
  authority = new Mount(folder.file("ca"), { "ca.pem": pki.serverCa.certificate });
  vault = new Mount(folder.file("vault"), { "vault.age": vaultBytes() });
  log = new Sink();
  app = await startApp({ configFile: join(config.path, "postern.yaml"), logTo: log });
});
afterEach(async () => {
  await app.stop();
  await upstream.stop();
  folder[Symbol.dispose]();
});

const statusAt = async (target: string): Promise<number> =>
  (await ask(app.listen[0] ?? "", { target })).status;
const page = async (target: string): Promise<string> => (await ask(app.admin, { target })).text;
const lastReloadOk = /^postern_configuration_last_reload_successful 1$/m;

describe("a swap of a mounted folder takes effect by itself", () => {
  test("where it holds the configuration", async () => {
    expect(await statusAt("/private/v1/x")).toBe(200);
    config.swap({ "postern.yaml": settings("renamed") });
    await eventually(async () => expect(await statusAt("/renamed/v1/x")).toBe(200));
    expect(await statusAt("/private/v1/x")).toBe(404);
  });

  test("where it holds the vault", async () => {
    expect(await statusAt("/private/v1/x")).toBe(200);
    await desk.remove("gen-cert");
    await put(desk, "gen-cert", certificate(await anotherClient(pki, "client.rotated.test")));
    vault.swap({ "vault.age": vaultBytes() });
    await eventually(async () => {
      upstream.forget();
      expect(await statusAt("/private/v1/x")).toBe(200);
      expect(upstream.exchanges[0]?.certificate).toBe("client.rotated.test");
    });
  });

  test("where it holds a CA, whichever the endpoint shows by then", async () => {
    authority.swap({ "ca.pem": other.serverCa.certificate });
    await eventually(async () => expect(await statusAt("/private/v1/x")).toBe(502));
    authority.swap({ "ca.pem": other.serverCa.certificate + pki.serverCa.certificate });
    await eventually(async () => expect(await statusAt("/private/v1/x")).toBe(200));
  });
});

describe("a CA file that is broken leaves the last good one in force, and says so", () => {
  const broken: Record<string, (mount: Mount) => void> = {
    "because it holds no certificate": (mount) => mount.swap({ "ca.pem": "nothing" }),
    "because it is gone": (mount) => mount.swap({}),
  };
  test.each(Object.entries(broken))("%s", async (_, breakIt) => {
    breakIt(authority);
    await eventually(() => expect(log.text).toContain("reload refused, the last good state stays in force"));
    expect(log.text).toContain("ca.pem");
    expect(await statusAt("/private/v1/x")).toBe(200);
    const { reload } = JSON.parse(await page("/readyz")) as { reload: string };
    expect(reload).toContain("refused, the last good state stays in force");
    expect(reload).toContain("ca.pem");
    expect(await page("/metrics")).not.toMatch(lastReloadOk);
    authority.swap({ "ca.pem": pki.serverCa.certificate });
    await eventually(async () => expect(await page("/metrics")).toMatch(lastReloadOk));
    expect(await statusAt("/private/v1/x")).toBe(200);
  });
});

test("a CA file that a refused configuration names is waited for", async () => {
  const next = settings("private").replace("../ca/ca.pem", "../late/ca.pem");
  config.swap({ "postern.yaml": next });
  await eventually(() => expect(log.text).toContain("late/ca.pem"));
  void new Mount(folder.file("late"), { "ca.pem": pki.serverCa.certificate });
  await eventually(async () => expect(await page("/readyz")).toContain("configuration applied"));
  expect(await statusAt("/private/v1/x")).toBe(200);
});
