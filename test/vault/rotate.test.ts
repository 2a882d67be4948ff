import { X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { expiriesOf } from "../../src/vault/renewal/expiry.ts";
import { watchExpiries } from "../../src/vault/renewal/expiry-watch.ts";
import type { Item } from "../../src/vault/item.ts";
import { kinds } from "../../src/vault/kinds/index.ts";
import { dueAt, renewIfDue } from "../../src/vault/renewal/renewal.ts";
import { Upkeep } from "../../src/vault/renewal/upkeep.ts";
import { openVault } from "../../src/vault/vault.ts";
import { loadConfig } from "../../src/config/load.ts";
import { eventually } from "../support/eventually.ts";
import { Desk, tool } from "./desk.ts";

const dayMs = 24 * 3_600_000;
const valueOf = async (desk: Desk, name: string) => (await desk.open()).get(name).secrets["value"]?.expose();

async function deskWith(value: string, kind = "bearer-token"): Promise<Desk> {
  const desk = await Desk.make();
  desk.configure("tok");
  expect(await desk.vault(["add", kind, "tok", "--stdin"], { stdin: value })).toMatchObject({ status: 0 });
  return desk;
}

test("rotate makes a new token in one write, keeps the old one, and says who uses it and who has to know it", async () => {
  using desk = await deskWith("canary-rotate-1");
  const { generation } = await desk.open();
  const said = await desk.vault(["rotate", "tok"]);
  expect(said).toMatchObject({ status: 0, stderr: "" });
  expect(said.stdout).toMatch(/the endpoint "private-2" uses it/);
  expect(said.stdout).toMatch(/Vault, Bearer Tokens; postern vault show tok --reveal gives it/);
  expect(said.stdout).not.toContain("canary");
  expect(await valueOf(desk, "tok")).toMatch(/^[\w-]{43}$/);
  expect((await desk.open()).generation).toBe(generation + 1);
  expect(tool("age", ["-d", "-i", desk.identityFile, desk.vaultFile])).toContain("canary-rotate-1");
  expect((await desk.vault(["show", "tok"])).stdout).toMatch(/old value {2}kept until/);
});

test("rotate --back returns to the old value, and once more to the new one", async () => {
  using desk = await deskWith("canary-rotate-1");
  await desk.vault(["rotate", "tok", "--stdin"], { stdin: "canary-rotate-2" });
  expect(await valueOf(desk, "tok")).toBe("canary-rotate-2");
  expect(await desk.vault(["rotate", "tok", "--back"])).toMatchObject({ status: 0 });
  expect(await valueOf(desk, "tok")).toBe("canary-rotate-1");
  await desk.vault(["rotate", "tok", "--back"]);
  expect(await valueOf(desk, "tok")).toBe("canary-rotate-2");
});

test("after the grace time the old value is not brought back, and the next change drops it", async () => {
  using desk = await deskWith("canary-rotate-1");
  await desk.vault(["rotate", "tok", "--grace", "1h"]);
  const later = await openVault({
    file: desk.vaultFile,
    identity: desk.identityFile,
    now: () => new Date(Date.now() + 2 * 3_600_000),
  });
  await expect(later.bringBack("tok")).rejects.toMatchObject({ code: "item_without_previous" });
  await later.add("other", "bearer-token", { facts: {}, secrets: {} });
  expect(tool("age", ["-d", "-i", desk.identityFile, desk.vaultFile])).not.toContain("canary-rotate-1");
});

test("with --grace 0 nothing is kept", async () => {
  using desk = await deskWith("canary-rotate-1");
  await desk.vault(["rotate", "tok", "--grace", "0"]);
  expect(await desk.vault(["rotate", "tok", "--back"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("no previous value"),
  });
});

test.each(["5", "1y", "-1h", "99999999d"])("--grace %s is refused, and changes nothing", async (grace) => {
  using desk = await deskWith("canary-rotate-1");
  expect(await desk.vault(["rotate", "tok", `--grace=${grace}`])).toMatchObject({ status: 2 });
  expect(await valueOf(desk, "tok")).toBe("canary-rotate-1");
});

test("what only its maker can make anew needs its new value, and keeps what is no secret", async () => {
  using desk = await deskWith("hf_canaryOne11111111", "hugging-face-token");
  expect(await desk.vault(["rotate", "tok"])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("--stdin"),
  });
  expect(await desk.vault(["rotate", "tok", "--stdin"], { stdin: "hf_canaryTwo22222222" })).toMatchObject({
    status: 0,
  });
  await desk.vault(
    ["add", "registry-credentials", "reg", "--registry", "r.test", "--username", "u", "--stdin"],
    { stdin: "canary-1" },
  );
  expect(await desk.vault(["rotate", "reg", "--stdin"], { stdin: "canary-2" })).toMatchObject({ status: 0 });
  expect((await desk.open()).get("reg").facts).toMatchObject({ registry: "r.test", username: "u" });
});

describe("a certificate of its own CA", () => {
  test("gets a new key of the same CA, so that nobody has to be told", async () => {
    using desk = await Desk.make();
    await desk.vault(["add", "certificate", "gen-cert", "--generate"]);
    const before = (await desk.open()).get("gen-cert");
    const said = await desk.vault(["rotate", "gen-cert"]);
    expect(said.stdout).toContain("its CA is the same");
    const after = (await desk.open()).get("gen-cert");
    expect(after.facts["ca"]).toBe(before.facts["ca"]);
    expect(after.facts["fingerprint"]).not.toBe(before.facts["fingerprint"]);
    const ca = new X509Certificate(after.facts["ca"] ?? "");
    expect(new X509Certificate(after.facts["certificate"] ?? "").verify(ca.publicKey)).toBe(true);
  });

  test("is renewed once two thirds of its life are over, and not before", async () => {
    using desk = await Desk.make();
    await desk.vault(["add", "certificate", "gen-cert", "--generate", "--days", "30"]);
    const vault = await desk.open();
    const item = vault.get("gen-cert");
    const due = dueAt(item).getTime();
    expect((due - Date.now()) / dayMs).toBeCloseTo(20, 1);
    expect(await renewIfDue(vault, "gen-cert", new Date(due - 1000))).toMatchObject({ renewed: false });
    expect((await desk.vault(["renew", "gen-cert"])).stdout).toContain("is not due before");
    const { item: next } = await renewIfDue(vault, "gen-cert", new Date(due + 1000));
    expect(next.expires?.getTime()).toBeCloseTo(due + 30 * dayMs, -7);
    expect(next.facts["ca"]).toBe(item.facts["ca"]);
  });

  test("that somebody else has signed is not renewed, and neither is a token", async () => {
    using desk = await deskWith("canary");
    expect(await desk.vault(["renew", "tok"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("cannot be made anew"),
    });
    expect(await desk.vault(["renew"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("renew: [gen-cert]"),
    });
  });

  test("is not renewed over another value that was put into its place meanwhile", async () => {
    using desk = await Desk.make();
    const made = new Date(Date.now() - 25 * dayMs);
    const draft = await kinds.certificate.generate?.({ name: "gen-cert", now: made, facts: { days: "30" } });
    if (draft === undefined) throw new Error("certificates can be generated");
    await (await desk.open()).add("gen-cert", "certificate", draft);
    const gateway = await desk.open();
    expect(await desk.vault(["rotate", "gen-cert"])).toMatchObject({ status: 0 });
    const rotated = (await desk.open()).get("gen-cert");
    await expect(renewIfDue(gateway, "gen-cert", new Date())).rejects.toMatchObject({ code: "item_changed" });
    expect((await desk.open()).get("gen-cert").facts).toEqual(rotated.facts);
  });

  test("is renewed by a gateway that is told to, which records it and says so", async () => {
    using desk = await Desk.make();
    desk.folder.write("postern.yaml", "renew: [gen-cert]\n");
    const vault = await desk.open();
    // Made when it was: two thirds of its life ago.
    const made = new Date(Date.now() - 25 * dayMs);
    const draft = await kinds.certificate.generate?.({ name: "gen-cert", now: made, facts: { days: "30" } });
    if (draft === undefined) throw new Error("certificates can be generated");
    await vault.add("gen-cert", "certificate", draft);
    const said: string[] = [];
    const tell = (_fields: object, message: string): void => void said.push(message);
    const upkeep = new Upkeep(await loadConfig(desk.folder.file("postern.yaml")), vault, {
      info: tell,
      warn: tell,
      error: tell,
    });
    await eventually(() => expect(said).toContain('"gen-cert" was renewed'));
    upkeep.stop();
    expect((vault.get("gen-cert").expires?.getTime() ?? 0) - Date.now()).toBeGreaterThan(29 * dayMs);
    const audit = await desk.postern(["audit", "--action", "renew", "--json"]);
    expect(JSON.parse(audit.stdout)).toMatchObject([{ item: "gen-cert", command: "serve" }]);
  });
});

test.each([
  ["that the vault does not hold", "none", /no item named "none"/],
  ["that is no certificate of its own CA", "tok", /cannot be made anew here/],
])("check finds a name under renew: %s", async (_what, name, says) => {
  using desk = await deskWith("canary");
  desk.folder.write("postern.yaml", `renew: [${name}]\n`);
  expect(await desk.postern(["check"])).toMatchObject({ status: 1, stdout: expect.stringMatching(says) });
});

describe("what expires", () => {
  const now = new Date("2026-06-01T00:00:00.000Z");
  const expiring = (name: string, days: number): Item => ({
    name,
    kind: "bearer-token",
    created: now,
    changed: now,
    facts: {},
    secrets: {},
    expires: new Date(now.getTime() + days * dayMs),
  });

  test("is told the nearest first, with its threshold", () => {
    const items = [expiring("later", 31), expiring("soon", 6.5), expiring("gone", -1), expiring("now", 0.5)];
    expect(
      expiriesOf(items, now).map(({ item, state, when }) => `${item} ${state} ${when.split(",")[0]}`),
    ).toEqual([
      expect.stringMatching(/^gone expired at/),
      "now soon within a day",
      "soon soon within 7 days",
      expect.stringMatching(/^later later at/),
    ]);
  });

  test("is told once for each threshold", async () => {
    let days = 40;
    const told: string[] = [];
    const watch = watchExpiries({
      items: () => [expiring("c", 40)],
      now: () => new Date(now.getTime() + (40 - days) * dayMs),
      tell: ({ state, when }) => told.push(`${state} ${when.split(",")[0]}`),
    });
    for (days of [40, 31, 30, 20, 7, 6, 1, 0.5, 0, -1]) watch.again();
    watch.stop();
    expect(told).toEqual([
      "soon within 30 days",
      "soon within 7 days",
      "soon within a day",
      expect.stringMatching(/^expired at/),
    ]);
  });

  test("is shown by check and doctor, also for items that no endpoint uses", async () => {
    using desk = await Desk.make();
    desk.configure("gen-cert");
    for (const [name, days] of [
      ["gen-cert", "5"],
      ["spare", "20"],
    ] as const)
      await desk.vault(["add", "certificate", name, "--generate", "--days", days]);
    for (const command of ["check", "doctor"]) {
      const { stdout } = await desk.postern([command]);
      expect(stdout).toMatch(/"gen-cert" of the endpoint "private-2" expires within 7 days/);
      expect(stdout).toMatch(/"spare" expires within 30 days.*no endpoint uses it/);
      expect(stdout).toMatch(/next: gen-cert on \d{4}-\d\d-\d\d, spare on/);
    }
  });
});
