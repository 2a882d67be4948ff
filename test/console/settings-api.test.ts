import { readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { asAdmin } from "./admin-client.ts";

interface Look {
  readonly text: string;
  readonly problems: readonly { line: number; column: number; message: string; hint: string }[];
  readonly inForce: boolean;
  readonly since: string;
  readonly needsRestart: readonly string[];
}
interface Listed {
  readonly reloads: readonly { what: string; outcome: string; at: string; error?: { code: string } }[];
}

let it: PrivateEndpoint;
let good: string;
beforeAll(async () => {
  it = await startPrivateEndpoint();
  good = readFileSync(it.gateway.file, "utf8");
});
afterAll(() => it[Symbol.asyncDispose]());

const look = async (): Promise<Look> => (await (await asAdmin(it.gateway, "/configuration")).json()) as Look;
const reloads = async (): Promise<Listed["reloads"]> =>
  ((await (await asAdmin(it.gateway, "/configuration/reloads")).json()) as Listed).reloads;
const reload = (): Promise<Response> => asAdmin(it.gateway, "/configuration/reload", { method: "POST" });

test("a broken file shows its problem at its line while the last good one serves, and mended it is in force", async () => {
  expect(await look()).toMatchObject({ text: good, problems: [], inForce: true, needsRestart: [] });
  const before = (await look()).since;

  it.gateway.write(`${good}default-endpoint: privat\n`);
  const answer = await reload();
  expect(answer.status).toBe(422);
  expect(((await answer.json()) as { error: { code: string } }).error.code).toBe("config_invalid");
  const broken = await look();
  expect(broken).toMatchObject({ inForce: false, since: before });
  expect(broken.problems).toEqual([
    {
      line: broken.text.split("\n").indexOf("default-endpoint: privat") + 1,
      column: 19,
      message: 'default-endpoint: there is no endpoint "privat"; the endpoints are: private',
      hint: 'did you mean "private"?',
    },
  ]);
  expect((await asAdmin(it.gateway, "/keys")).status).toBe(200);
  const [last] = await reloads();
  expect(last).toMatchObject({
    what: "configuration",
    outcome: "refused",
    error: { code: "config_invalid" },
  });

  it.gateway.write(`${good}default-endpoint: private\n`);
  expect((await reload()).status).toBe(200);
  const mended = await look();
  expect(mended).toMatchObject({ problems: [], inForce: true });
  expect(mended.since > before).toBe(true);
  expect((await reloads())[0]).toMatchObject({ outcome: "applied" });
});

test("an item that the vault has not got is a problem at the endpoint that names it", async () => {
  it.gateway.write(good.replace("gen-cert", "gen-crt"));
  const { problems } = await look();
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain('the vault item "gen-crt"');
  it.gateway.write(good);
  await reload();
});

test("what only a restart changes is named until the file says the old again", async () => {
  it.gateway.write(good.replace("admin: 127.0.0.1:0", "admin: 127.0.0.1:1\nworkers: 2"));
  await reload();
  expect((await look()).needsRestart).toEqual(["admin", "workers"]);
  it.gateway.write(good);
  await reload();
  expect((await look()).needsRestart).toEqual([]);
});

test("a secret that was written into the file by mistake is not shown", async () => {
  const canary = "canary-in-the-file-5b1f";
  for (const wrong of [
    `passphrase: ${canary}\n${good}`,
    `passphrase: |\n  first\n  ${canary}\n${good}`,
    `${good}keys:\n  editor: ${canary}\n`,
    `${good}keys:\n  editor:\n    hash: ${canary}\n`,
    `${good}token: ${canary}\n`,
    `${good}token:\n  - more\n  - ${canary}\n`,
    `${good}admin-token: ${canary}\n`,
    `# a token\n\n${canary}\n`,
  ]) {
    it.gateway.write(wrong);
    const answer = await asAdmin(it.gateway, "/configuration");
    const text = await answer.text();
    expect(answer.status, wrong).toBe(200);
    expect((JSON.parse(text) as Look).problems.length, wrong).toBeGreaterThan(0);
    expect(text, wrong).not.toContain(canary);
    expect((JSON.parse(text) as Look).text.split("\n")).toHaveLength(wrong.split("\n").length);
  }
  it.gateway.write(good);
  await reload();
});

test("a file that is gone is told, and the gateway serves on", async () => {
  rmSync(it.gateway.file);
  const answer = await asAdmin(it.gateway, "/configuration");
  expect(((await answer.json()) as { error: { code: string } }).error.code).toBe("config_missing");
  expect((await asAdmin(it.gateway, "/about")).status).toBe(200);
  it.gateway.write(good);
  await reload();
});

test("the last fifty reloads are kept, the newest first", async () => {
  for (let number = 0; number < 52; number += 1) await reload();
  const all = await reloads();
  expect(all).toHaveLength(50);
  expect(all.map(({ at }) => at)).toEqual(
    all
      .map(({ at }) => at)
      .toSorted()
      .toReversed(),
  );
});

test("a change of the vault is among the reloads", async () => {
  await it.gateway.vault.rename("gen-cert", "gen-cert-2");
  await eventually(async () => expect((await reloads())[0]).toMatchObject({ what: "vault" }));
  await it.gateway.vault.rename("gen-cert-2", "gen-cert");
});

test("about tells versions, addresses and places", async () => {
  const about = (await (await asAdmin(it.gateway, "/about")).json()) as Record<string, unknown>;
  expect(about).toMatchObject({
    local: it.gateway.base,
    version: "0.1.0",
    node: process.versions.node,
    pid: process.pid,
    workers: { serving: 1, wanted: 1 },
    listen: it.gateway.app.listen,
    admin: it.gateway.app.admin,
    configuration: it.gateway.file,
    vault: {
      file: it.gateway.folder.file("vault.age"),
      identity: it.gateway.folder.file("identity.txt"),
      recipients: [{ name: "owner", recipient: expect.stringMatching(/^age1/) }],
    },
  });
  const identity = readFileSync(it.gateway.folder.file("identity.txt"), "utf8");
  const secret = /AGE-SECRET-KEY-\S+/.exec(identity)?.[0] ?? "none";
  expect(JSON.stringify(about)).not.toContain(secret);
});
