import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Secret } from "../../src/secret.ts";
import { openVault } from "../../src/vault/vault.ts";
import { Desk, tool } from "./desk.ts";

const document = readFileSync(join(import.meta.dirname, "../../docs/vault-format.md"), "utf8");
const token = (value: string) => ({ facts: {}, secrets: { value: new Secret(value) } });

const decrypted = (desk: Desk): string => tool("age", ["-d", "-i", desk.identityFile, desk.vaultFile]);

/** Seals a text with age, as anyone can who knows the recipient. */
function sealWithAge(desk: Desk, content: string): void {
  const recipient = tool("age-keygen", ["-y", desk.identityFile]).trim();
  tool("age", ["-r", recipient, "-o", desk.vaultFile], { input: content });
}

/** The document's own script, as a reader would run it. */
function headerFor(desk: Desk, old: string, body: string): string {
  const [, script = ""] = /```js\n(.*?)```/s.exec(document) ?? [];
  const args = [
    desk.folder.write("header.mjs", script),
    desk.folder.write("header.json", old),
    desk.folder.write("body.json", body),
  ];
  return tool(process.execPath, args);
}

test("age reads the vault with its identity", async () => {
  using desk = await Desk.make();
  await (await desk.open()).add("gen-token", "bearer-token", token("canary-age"));
  const [header = "", ...body] = decrypted(desk).split("\n");
  expect(JSON.parse(header)).toMatchObject({ format: "postern-vault", version: 2 });
  expect(JSON.parse(body.join("\n"))).toMatchObject({
    generation: 2,
    items: [{ name: "gen-token", kind: "bearer-token", secrets: { value: "canary-age" } }],
  });
});

test("the header that the document's script prints is the one that Postern wrote", async () => {
  using desk = await Desk.make();
  const [header = "", ...body] = decrypted(desk).split("\n");
  expect(headerFor(desk, header, body.join("\n"))).toBe(`${header}\n`);
});

test("a vault that was written with age and the documented MAC is accepted", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  await vault.add("gen-token", "bearer-token", token("canary-old"));
  const [header = "", ...lines] = decrypted(desk).split("\n");
  const old = lines.join("\n");
  const previous = tool("sha256sum", [], { input: old }).slice(0, 64);
  const body = old
    .replace("canary-old", "canary-new")
    .replace('"generation": 2', '"generation": 3')
    .replace(/"previous": "\w+"/, `"previous": "${previous}"`);
  sealWithAge(desk, headerFor(desk, header, body) + body);
  expect(await vault.refresh()).toBe(true);
  expect(vault.get("gen-token").secrets["value"]?.expose()).toBe("canary-new");
});

test("a vault that was written with age and without the right MAC is refused as forged, and left as it is", async () => {
  using desk = await Desk.make();
  const vault = await desk.open();
  const changed = decrypted(desk).replace('"items": []', '"items": [ ]');
  sealWithAge(desk, changed);
  const forged = desk.folder.contents();
  await expect(desk.open()).rejects.toMatchObject({
    code: "vault_forged",
    message: expect.stringContaining("MAC"),
  });
  await expect(vault.add("a", "bearer-token", token("x"))).rejects.toMatchObject({ code: "vault_forged" });
  expect(desk.folder.contents()["vault.age"]).toBe(forged["vault.age"]);
});

test("some other text that was sealed with age is refused as forged", async () => {
  using desk = await Desk.make();
  sealWithAge(desk, "API_KEY=x\n");
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_forged" });
});

test("an identity that age-keygen made is one that a vault can be opened with", async () => {
  using desk = await Desk.make();
  const identity = desk.folder.file("other.txt");
  tool("age-keygen", ["-o", identity]);
  await expect(openVault({ file: desk.vaultFile, identity })).rejects.toMatchObject({
    code: "vault_wrong_identity",
  });
});

test("an armored vault is refused", async () => {
  using desk = await Desk.make();
  const recipient = tool("age-keygen", ["-y", desk.identityFile]).trim();
  writeFileSync(desk.vaultFile, tool("age", ["-a", "-r", recipient], { input: decrypted(desk) }));
  await expect(desk.open()).rejects.toMatchObject({ code: "vault_damaged" });
});

test("every refusal that the document lists is one of the catalogue", async () => {
  const { catalogue } = await import("../../src/errors/catalogue.ts");
  const listed = [...document.matchAll(/`((?:vault|identity)_[a-z_]+)`/g)].map(([, code]) => code ?? "");
  const own = Object.keys(catalogue).filter((code) => /^(vault|identity)_/.test(code));
  expect([...new Set(listed)].sort()).toEqual(own.sort());
});
