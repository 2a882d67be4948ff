import { readFileSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { sealed } from "../../src/vault/sealed/generation.ts";
import { newKey } from "../../src/vault/sealed/mac.ts";
import { openVault } from "../../src/vault/vault.ts";
import { Desk, tool } from "./desk.ts";

const token = { facts: {}, secrets: { value: new Secret("canary-shared") } };

/** A vault that is sealed for its owner and for somebody else, whose identity lies in another file. */
async function shared(): Promise<{ desk: Desk; other: string } & Disposable> {
  const desk = await Desk.make();
  const other = desk.folder.file("other.txt");
  tool("age-keygen", ["-o", other]);
  const vault = await desk.open();
  await vault.add("tok", "bearer-token", token);
  await vault.addRecipient("laptop", tool("age-keygen", ["-y", other]).trim());
  return { desk, other, [Symbol.dispose]: () => desk[Symbol.dispose]() };
}
const opened = (desk: Desk, identity: string, confirming = false) =>
  openVault({ file: desk.vaultFile, identity, confirming });

test("a new recipient reads with age at once, and with Postern once it has confirmed the vault", async () => {
  using both = await shared();
  const { desk, other } = both;
  expect(tool("age", ["-d", "-i", other, desk.vaultFile])).toContain("canary-shared");
  await expect(opened(desk, other)).rejects.toMatchObject({ code: "vault_unconfirmed" });
  await (await opened(desk, other, true)).confirm();
  const vault = await opened(desk, other);
  await vault.add("more", "bearer-token", token);
  expect((await desk.open()).items().map(({ name }) => name)).toEqual(["tok", "more"]);
});

test("postern vault confirm shows what it is asked to trust, and trusts nothing without a yes", async () => {
  using both = await shared();
  const { desk, other } = both;
  writeFileSync(
    desk.folder.file("postern.yaml"),
    "vault: file:vault.age\nidentity: file:other.txt\nendpoints: {}\n",
  );
  const without = await desk.vault(["confirm"]);
  expect(without).toMatchObject({ status: 2, stderr: expect.stringContaining("--yes") });
  expect(without.stdout).toContain("has 1 item, and is sealed for");
  expect(without.stdout).toMatch(
    /owner +age1\w{58} +has confirmed the vault\nlaptop +age1\w{58} +this identity\n/,
  );
  expect(await desk.vault(["confirm"], { terminal: true, stdin: "no\r" })).toMatchObject({ status: 1 });
  await expect(opened(desk, other)).rejects.toMatchObject({ code: "vault_unconfirmed" });
  expect(await desk.vault(["confirm"], { terminal: true, stdin: "yes\r" })).toMatchObject({ status: 0 });
  expect((await opened(desk, other)).items()).toHaveLength(1);
  expect((await desk.vault(["confirm", "--yes"])).stdout).toContain("is trusted already");
});

test("two recipients that change the vault in turn both go on trusting it", async () => {
  using both = await shared();
  const { desk, other } = both;
  await (await opened(desk, other, true)).confirm();
  for (let n = 0; n < 3; n += 1) {
    await (await desk.open()).add(`a${n}`, "bearer-token", token);
    await (await opened(desk, other)).add(`b${n}`, "bearer-token", token);
  }
  expect((await desk.open()).items()).toHaveLength(7);
});

describe("whoever knows the public keys alone", () => {
  test("cannot have a vault of his own taken, with or without a confirmation", async () => {
    using both = await shared();
    const { desk, other } = both;
    await (await opened(desk, other, true)).confirm();
    const recipients = (await desk.open()).recipients();
    const attacker = await Desk.make();
    const mallory = await attacker.identity();
    const forged = (trust: boolean) =>
      sealed(
        {
          vault: randomUUID(),
          generation: 99,
          previous: null,
          keyed: 1,
          key: newKey(),
          markKey: newKey(),
          recipients: [
            ...(trust ? recipients : recipients.map(({ name, recipient }) => ({ name, recipient }))),
            { name: "m", recipient: mallory.recipient },
          ],
          items: [],
        },
        mallory,
      );
    // The mark of the vault that was here comes before the question whether this one is to be trusted.
    for (const [trust, code] of [
      [true, "vault_forged"],
      [false, "vault_swapped"],
    ] as const) {
      writeFileSync(desk.vaultFile, (await forged(trust)).bytes);
      await expect(desk.open()).rejects.toMatchObject({ code });
      await expect(opened(desk, other)).rejects.toMatchObject({ code });
    }
    // Nor is who confirms it by mistake let through.
    await expect(opened(desk, desk.identityFile, true)).rejects.toMatchObject({ code: "vault_swapped" });
    attacker[Symbol.dispose]();
  });
});

test("who was removed opens neither the vault nor its backups, and writes none that the others take", async () => {
  using both = await shared();
  const { desk, other } = both;
  const laptop = await opened(desk, other, true);
  await laptop.confirm();
  const vault = await desk.open();
  const { generation } = vault;
  await vault.removeRecipient("laptop");
  await vault.add("secret", "bearer-token", token);
  await expect(opened(desk, other)).rejects.toMatchObject({ code: "vault_wrong_identity" });
  const files = Object.keys(desk.folder.contents()).filter((name) => name.startsWith("vault.age.backups/"));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files)
    expect(() => tool("age", ["-d", "-i", other, desk.folder.file(file)])).toThrow(/no identity/);
  await expect(laptop.add("x", "bearer-token", token)).rejects.toMatchObject({
    code: "vault_wrong_identity",
  });
  expect((await desk.open()).generation).toBe(generation + 2);
});

test("the recipients that are left confirm the vault once more after one was removed", async () => {
  using both = await shared();
  const { desk, other } = both;
  await (await opened(desk, other, true)).confirm();
  const third = desk.folder.file("third.txt");
  tool("age-keygen", ["-o", third]);
  const vault = await desk.open();
  await vault.addRecipient("third", tool("age-keygen", ["-y", third]).trim());
  await vault.removeRecipient("third");
  await expect(opened(desk, other)).rejects.toMatchObject({ code: "vault_unconfirmed" });
});

describe("a recipient is refused", () => {
  test.each([
    [
      "that is a secret key",
      (own: string) =>
        tool("age-keygen", ["-y", own]).trim() &&
        (readFileSync(own, "utf8").trim().split("\n").at(-1) as string),
      /secret key/,
    ],
    ["that is mistyped", () => `age1${"q".repeat(58)}`, /mistyped/],
    ["that is an SSH key", () => "ssh-ed25519 AAAA", /not an age recipient/],
    ["that is there already", (own: string) => tool("age-keygen", ["-y", own]).trim(), /already, as "owner"/],
  ])("%s", async (_what, recipient, says) => {
    using desk = await Desk.make();
    const said = await desk.vault(["recipient", "add", "x", recipient(desk.identityFile)]);
    expect(said).toMatchObject({ status: 1, stderr: expect.stringMatching(says) });
    expect(said.stderr).not.toContain("AAAA");
  });

  test("whose name is taken, and the last one is not removed", async () => {
    using both = await shared();
    const { desk } = both;
    expect(await desk.vault(["recipient", "remove", "owner"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("rekey"),
    });
    expect(await desk.vault(["recipient", "remove", "nobody"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("it has: owner, laptop"),
    });
  });
});

describe("rekey", () => {
  test("leaves the items, and nothing that the old identity opens", async () => {
    using desk = await Desk.make();
    await (await desk.open()).add("tok", "bearer-token", token);
    const old = desk.folder.write("old.txt", readFileSync(desk.identityFile));
    expect(await desk.vault(["rekey"])).toMatchObject({ status: 0 });
    expect((await desk.open()).get("tok").secrets["value"]?.expose()).toBe("canary-shared");
    await expect(opened(desk, old)).rejects.toMatchObject({ code: "vault_wrong_identity" });
    for (const file of Object.keys(desk.folder.contents()).filter((name) => name.endsWith(".age")))
      expect(() => tool("age", ["-d", "-i", old, desk.folder.file(file)]), file).toThrow(/no identity/);
    expect((await desk.open()).recipients().map(({ name }) => name)).toEqual(["owner"]);
  });

  test("keeps the others, under their names", async () => {
    using both = await shared();
    const { desk, other } = both;
    await desk.vault(["rekey"]);
    await (await opened(desk, other, true)).confirm();
    expect((await opened(desk, other)).items()).toHaveLength(1);
    expect((await desk.open()).recipients().map(({ name }) => name)).toEqual(["owner", "laptop"]);
  });
});

test("a vault of version 1 is read, and its next change is of version 2", async () => {
  using desk = await Desk.make();
  const { key, recipient } = await desk.identity();
  const { createHmac, hkdfSync } = await import("node:crypto");
  const body = `${JSON.stringify({ vault: randomUUID(), generation: 1, previous: null, items: [] })}\n`;
  const macKey = Buffer.from(hkdfSync("sha256", key.expose(), "", "postern vault content v1", 32));
  const mac = createHmac("sha256", macKey).update(body).digest("hex");
  const header = JSON.stringify({ format: "postern-vault", version: 1, mac });
  tool("age", ["-r", recipient, "-o", desk.vaultFile], { input: `${header}\n${body}` });
  tool("rm", [desk.markFile]);
  const vault = await desk.open();
  const markOf1 = readFileSync(desk.markFile, "utf8");
  await vault.add("tok", "bearer-token", token);
  const text = tool("age", ["-d", "-i", desk.identityFile, desk.vaultFile]);
  expect(text).toContain('"version":2');
  expect(text).not.toContain(key.expose());
  expect((await desk.open()).items()).toHaveLength(1);
  // Where the new mark could not be written, the old one still tells the vault from an older one.
  writeFileSync(desk.markFile, markOf1);
  expect((await desk.open()).items()).toHaveLength(1);
});
