import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, serverless } from "../support/gateway.ts";
import { makePki, pemOf, type Pki } from "../support/pki.ts";
import { fileOf, type GivenFile, type Hand, handNames, handOn } from "./hands.ts";
import { Console } from "./support.ts";
import { VaultPage } from "./vault-page.ts";

let pki: Pki;
let it: Console;
beforeAll(async () => {
  pki = await makePki();
  it = await Console.start({
    items: { "my-key": serverless("sk-canary-0123456789"), token: bearer("canary-0123456789abcdef") },
  });
});
afterAll(() => it[Symbol.asyncDispose]());

/** Files that no certificate comes from, and what is said of each. */
const wrongFiles = (): readonly (readonly [GivenFile, RegExp])[] => [
  [
    fileOf("old.pem", pemOf(pki.expired)),
    /^The certificate .*client\.expired\.test.* in the file old\.pem expired at .*\. Give a certificate that is still valid\.$/,
  ],
  [
    fileOf("alone.pem", pki.client.certificate),
    /^The file alone\.pem holds a certificate without its private key\. Give the file that holds both, or [^-]*\.$/,
  ],
  [
    fileOf("mixed.pem", `${pki.foreign.key.expose()}\n${pki.client.certificate}`),
    /^The private key in the file mixed\.pem is not the key of the certificate .*\. Give the key that the certificate was made for\.$/,
  ],
  [
    fileOf("notes.txt", "to whom it may concern"),
    /^The file notes\.txt holds no certificate that can be read: .*as PEM \(BEGIN CERTIFICATE\), DER or PKCS#12\.$/,
  ],
];

describe.each(handNames)("with %s", (name) => {
  /** The vault's page, in a browser of its own. */
  async function open(path: string): Promise<{ readonly vault: VaultPage; readonly hand: Hand }> {
    const page = await it.browse({ path });
    return { vault: new VaultPage(page), hand: handOn(page, name) };
  }

  test("each broken file is refused in one sentence, and nothing that was filled in is lost", async () => {
    const { vault, hand } = await open("/vault");
    const { dialog } = vault;
    const file = dialog.getByRole("button", { name: /^Choose a(nother)? file$/ }).first();
    const add = (): Promise<void> => hand.press(dialog.getByRole("button", { name: "Add to Vault" }));
    const item = name === "the mouse" ? "by-mouse" : "by-keys";
    await hand.pick(vault.button("Add Vault Item"), "Certificates");
    await hand.press(dialog.getByRole("radio", { name: "Use an existing Certificate" }));
    await hand.write(vault.field("Certificate Name"), item);

    await hand.write(vault.field("Certificate (.pem)"), "no certificate at all");
    await add();
    await dialog.getByRole("alert").filter({ hasText: "holds no certificate that can be read" }).waitFor();
    expect(await vault.field("Certificate (.pem)").inputValue()).toBe("no certificate at all");

    await hand.give(file, fileOf("huge.pem", Buffer.alloc(5 * 1024 * 1024, "a")));
    await dialog
      .getByText("huge.pem is larger than 1 MiB: choose the file that holds the credential and nothing else")
      .waitFor();
    expect(await vault.field("Certificate (.pem)").inputValue()).toBe("no certificate at all");

    for (const [given, said] of wrongFiles()) {
      const chosen = dialog.getByText(given.name, { exact: true });
      await hand.give(file, given);
      await chosen.waitFor();
      await add();
      await dialog.getByText(said).waitFor();
      expect(await vault.field("Certificate Name").inputValue()).toBe(item);
      expect(await chosen.isVisible()).toBe(true);
    }
    await hand.give(file, fileOf("huge.pem", Buffer.alloc(5 * 1024 * 1024, "a")));
    await dialog.getByText("huge.pem is larger than 1 MiB").waitFor();
    await dialog.getByText("notes.txt", { exact: true }).waitFor();
    await hand.give(file, fileOf("right.pem", pemOf(pki.client)));
    await dialog.getByText("right.pem", { exact: true }).waitFor();
    expect(await dialog.getByRole("alert").count()).toBe(0);
    await add();
    await vault.row(item).waitFor();
  });

  test("a serverless key at a dedicated endpoint is refused in the platform's words", async () => {
    const { vault, hand } = await open("/endpoints");
    const { dialog } = vault;
    const endpoint = name === "the mouse" ? "mouse" : "keys";
    await hand.press(vault.button("Add Endpoint"));
    await hand.write(vault.field("Name"), endpoint);
    await hand.write(vault.field("URL"), "private.example.test/v1");
    await hand.write(vault.field("Models"), "m/one\nm/two");
    await hand.select(dialog.getByLabel("Type"), "Serverless API");
    await hand.press(dialog.getByRole("checkbox", { name: /^my-key/ }));
    await hand.select(dialog.getByLabel("Type"), "Dedicated or private deployment");
    const said = dialog.getByText(
      /a serverless API key.*; a dedicated endpoint takes the bearer token or the certificate that its deployment was given/,
    );
    await said.waitFor();
    await hand.press(dialog.getByRole("button", { name: "Add Endpoint" }));
    await said.waitFor();
    expect(await vault.field("URL").inputValue()).toBe("private.example.test/v1");
    expect(await vault.field("Models").inputValue()).toBe("m/one\nm/two");
    expect(readFileSync(it.gateway.file, "utf8")).not.toContain(endpoint);
    await hand.press(dialog.getByRole("checkbox", { name: /^my-key/ }));
    await hand.press(dialog.getByRole("checkbox", { name: /^token/ }));
    await hand.press(dialog.getByRole("button", { name: "Add Endpoint" }));
    await vault.page.getByText(`Added ${endpoint}.`).waitFor();
  });
});
