import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Revealed } from "../../src/admin/api/shapes/item.ts";
import { canaries } from "../support/canaries.ts";
import { bearer, put } from "../support/gateway.ts";
import { makePki, pemOf, type Pki } from "../support/pki.ts";
import { Openssl } from "../vault/openssl.ts";
import { pkcs12 } from "../vault/pkcs12-files.ts";
import { Console } from "./support.ts";
import { VaultPage } from "./vault-page.ts";

const token = "canary-shown-4f6a8c0e2b1d3957";

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});

let it: Console;
let vault: VaultPage;
beforeEach(async () => {
  it = await Console.start({ sandbox: ["bearer-token"], items: { tok: bearer(token) } });
  vault = new VaultPage(await it.browse({ path: "/vault" }));
  await vault.row("tok").waitFor();
  return () => it[Symbol.asyncDispose]();
});

const revealed = async (name: string): Promise<string> =>
  ((await it.api("POST", `/items/${name}/reveal`)).json as Revealed).value;
const actions = (): readonly string[] =>
  readFileSync(it.gateway.folder.file("audit.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>)
    .filter(({ command }) => command === "console")
    .map(({ action, item }) => `${action} ${item}`);

describe("the page", () => {
  test("is laid out as the platform's", async () => {
    const { page } = vault;
    await page.getByRole("heading", { name: "Your Account" }).waitFor();
    expect(await page.getByRole("tab").allTextContents()).toEqual(["Vault"]);
    expect(await page.locator("main h2").allTextContents()).toEqual(["Serverless Credentials", "Vault"]);
    await page.getByText("All your generated or supplied variables").waitFor();
    expect(await page.getByPlaceholder("Enter a name").isVisible()).toBe(true);
    await vault.button("Add Vault Item").click();
    expect(await page.getByRole("menuitem").allTextContents()).toEqual([
      "Bearer Tokens",
      "Certificates",
      "Registry Credentials",
      "Environment Variables",
      "Hugging Face Tokens",
      "SSH Keys",
    ]);
    expect(await vault.row("tok").textContent()).toContain("cana********");
    expect(await vault.row("private-token").textContent()).toContain("used by private");
  });

  test("teaches the first step where there is nothing", async () => {
    for (const name of ["tok", "private-token"]) await it.api("DELETE", `/items/${name}?anyway=true`);
    await vault.page.getByText("Your vault is empty.").waitFor();
  });

  test("shows what another process does within seconds, and takes no focus for it", async () => {
    const input = vault.page.getByPlaceholder("Enter a name");
    await input.fill("half a na");
    // The vault that was opened beside the gateway's own, as the command line opens it.
    await put(it.gateway.vault, "fresh", bearer("another-process-0123456789"));
    await vault.row("fresh").waitFor();
    expect(await input.inputValue()).toBe("half a na");
    expect(await vault.page.evaluate("document.activeElement.placeholder")).toBe("Enter a name");
  });
});

describe("each kind is added and removed:", () => {
  test("a serverless API key, with a name and Generate", async () => {
    await vault.page.getByPlaceholder("Enter a name").fill("my-key");
    await vault.button("Generate").click();
    await vault.row("my-key").waitFor();
    expect(await revealed("my-key")).toMatch(/^[\w-]{43}$/);
    await vault.remove("my-key");
  });

  test("a serverless API key that there is already", async () => {
    await vault.button("Use an existing one").click();
    await vault.choose("Use an existing Serverless API Key");
    await vault.field("Serverless API Key Name").fill("old-key");
    await vault.field("Serverless API Key").fill("sk-given-0123456789");
    await vault.add();
    await vault.row("old-key").waitFor();
    expect(await revealed("old-key")).toBe("sk-given-0123456789");
    await vault.remove("old-key");
  });

  test("a bearer token, generated and given", async () => {
    await vault.open("Bearer Tokens");
    await vault.dialog.getByRole("heading", { name: "Add Bearer Token to Your Vault" }).waitFor();
    await vault.field("Bearer Token Name").fill("made");
    await vault.add();
    await vault.row("made").waitFor();
    await vault.open("Bearer Tokens");
    await vault.choose("Use an existing Bearer Token");
    await vault.field("Bearer Token Name").fill("given");
    await vault.field("Bearer Token").fill("given-0123456789abcdef");
    await vault.add();
    await vault.row("given").waitFor();
    expect(await revealed("given")).toBe("given-0123456789abcdef");
    for (const name of ["made", "given"]) await vault.remove(name);
    expect(actions()).toEqual(["add made", "add given", "reveal given", "remove made", "remove given"]);
  });

  test("a certificate, generated: the browser downloads a .pem that opens what trusts its CA", async () => {
    await vault.open("Certificates");
    await vault.field("Certificate Name").fill("gen-cert");
    const { name, text } = await vault.downloaded(() => vault.add());
    expect(name).toBe("gen-cert.pem");
    const certificate = new X509Certificate(text);
    expect(certificate.checkPrivateKey(createPrivateKey(text))).toBe(true);
    await vault.row("gen-cert").waitFor();
    const ca = await vault.downloaded(() => vault.more("gen-cert", "Download certificate of its CA"));
    expect(ca.name).toBe("gen-cert-ca.crt");
    expect(certificate.verify(new X509Certificate(ca.text).publicKey)).toBe(true);
    await vault.remove("gen-cert");
  });

  test("a certificate that there is already, from a file", async () => {
    await vault.open("Certificates");
    await vault.choose("Use an existing Certificate");
    await vault.dialog
      .locator("input[type=file]")
      .setInputFiles({ name: "from file.pem", mimeType: "", buffer: Buffer.from(pemOf(pki.client)) });
    await vault.holds("Certificate Name", "from-file");
    await vault.add();
    await vault.row("from-file").waitFor();
    expect(await vault.row("from-file").textContent()).toContain("days left");
    await vault.remove("from-file");
  });

  test("a certificate by request, which the CA's answer completes", async () => {
    using openssl = new Openssl();
    const authority = openssl.selfSigned("ca.test", openssl.key("P-256"));
    await vault.open("Certificates");
    await vault.choose("Request a Certificate");
    await vault.field("Certificate Name").fill("asked");
    const request = await vault.downloaded(() => vault.add());
    expect(request.name).toBe("asked.csr");
    const out = openssl.folder.file("signed.crt");
    const signer = ["-CA", openssl.file(authority.certificate), "-CAkey", openssl.file(authority.key)];
    openssl.run(["x509", "-req", ...signer, "-days", "60", "-out", out], request.text);
    await vault.row("asked").getByText("waits for its certificate").waitFor();
    await vault.more("asked", "Complete with the certificate");
    await vault.field("Certificate (.pem)").fill(authority.certificate);
    await vault.dialog.getByRole("button", { name: "Complete" }).click();
    await vault.dialog.getByText("is not the answer to the request").waitFor();
    await vault.field("Certificate (.pem)").fill(readFileSync(out, "utf8"));
    await vault.dialog.getByRole("button", { name: "Complete" }).click();
    await vault.row("asked").getByText("expires").waitFor();
    await vault.remove("asked");
  });

  test("registry credentials", async () => {
    await vault.open("Registry Credentials");
    await vault.field("Registry Credentials Name").fill("nvcr");
    await vault.field("Image").fill("nvcr.io/nim/meta/llama-3.1-8b-instruct");
    await vault.field("Password or Access Token").fill("nvapi-0123456789");
    await vault.add();
    await vault.row("nvcr").waitFor();
    expect(await revealed("nvcr")).toBe("nvapi-0123456789");
    await vault.remove("nvcr");
  });

  test("an environment variable", async () => {
    await vault.open("Environment Variables");
    await vault.field("Environment Variable Name").fill("SETTING");
    await vault.field("Value").fill("two\nlines");
    await vault.add();
    await vault.row("SETTING").waitFor();
    expect(await revealed("SETTING")).toBe("two\nlines");
    await vault.remove("SETTING");
  });

  test("a Hugging Face token", async () => {
    await vault.open("Hugging Face Tokens");
    await vault.field("Hugging Face Token Name").fill("hub");
    await vault.field("Hugging Face Token").fill("hf_0123456789abcdef");
    await vault.add();
    await vault.row("hub").waitFor();
    await vault.remove("hub");
  });

  test("an SSH key, generated and given", async () => {
    await vault.open("SSH Keys");
    await vault.field("SSH Key Name").fill("made");
    const { name, text } = await vault.downloaded(() => vault.add());
    expect([name, text]).toEqual(["made.pub", expect.stringMatching(/^ssh-ed25519 /)]);
    await vault.row("made").waitFor();
    await vault.open("SSH Keys");
    await vault.choose("Use an existing SSH Key");
    await vault.field("SSH Key Name").fill("given");
    await vault.field("Private key").fill(canaries(pki)["ssh-key"].value);
    await vault.add();
    await vault.row("given").waitFor();
    for (const name of ["made", "given"]) await vault.remove(name);
  });
});

describe("a file that is dropped onto the page", () => {
  test("opens the certificate's dialog with it, and is asked its passphrase", async () => {
    using openssl = new Openssl();
    const pair = openssl.selfSigned("client.test", openssl.key("P-384"));
    await vault.drop([{ name: "team cert.p12", bytes: pkcs12(openssl, pair, "open sesame") }]);
    await vault.holds("Certificate Name", "team-cert");
    await vault.add();
    const passphrase = vault.field("Passphrase");
    await passphrase.waitFor();
    await vault.dialog.getByText("is encrypted").waitFor();
    await passphrase.fill("wrong");
    await vault.add();
    await vault.dialog.getByText("does not open the private key in the file team cert.p12").waitFor();
    expect(await passphrase.inputValue()).toBe("wrong");
    await passphrase.fill("open sesame");
    await vault.add();
    await vault.row("team-cert").waitFor();
    expect(await revealed("team-cert")).toContain("BEGIN CERTIFICATE");
  });

  test("as certificate and key is put together; as a pair that does not belong together it is refused", async () => {
    const certificate = { name: "c.crt", bytes: Buffer.from(pki.client.certificate) };
    const foreign = { name: "k.key", bytes: Buffer.from(pki.foreign.key.expose()) };
    await vault.drop([foreign, certificate]);
    await vault.add();
    await vault.dialog
      .getByText("the private key in the file k.key is not the key of the certificate")
      .waitFor();
    await vault.dialog.getByRole("button", { name: "Cancel" }).click();
    await vault.drop([certificate, { name: "k.key", bytes: Buffer.from(pki.client.key.expose()) }]);
    await vault.add();
    await vault.row("c").waitFor();
  });

  test("of an SSH key opens the dialog for SSH keys", async () => {
    await vault.drop([{ name: "id_ed25519", bytes: Buffer.from(canaries(pki)["ssh-key"].value) }]);
    await vault.dialog.getByRole("heading", { name: "Add SSH Key to Your Vault" }).waitFor();
    await vault.add();
    await vault.row("id_ed25519").waitFor();
  });
});

describe("what is wrong", () => {
  test("is said beside the field with the way out, and nothing that was typed is lost", async () => {
    await vault.open("Bearer Tokens");
    await vault.choose("Use an existing Bearer Token");
    await vault.field("Bearer Token Name").fill("tok");
    await vault.field("Bearer Token").fill("Bearer abc");
    await vault.add();
    await vault.dialog.getByText('The vault has an item named "tok" already').waitFor();
    expect(await vault.page.evaluate("document.activeElement.value")).toBe("tok");
    await vault.field("Bearer Token Name").fill("fine");
    await vault.add();
    await vault.dialog.getByText('it begins with "Bearer"').waitFor();
    expect(await vault.field("Bearer Token").inputValue()).toBe("Bearer abc");
    await vault.field("Bearer Token").fill("abc");
    await vault.add();
    await vault.row("fine").waitFor();
  });

  test("with a choice is shown although the options are folded", async () => {
    await vault.open("Certificates");
    await vault.field("Certificate Name").fill("odd");
    await vault.dialog.getByText("Options").click();
    await vault.field("Days").fill("ever");
    await vault.dialog.getByText("Options").click();
    await vault.add();
    await vault.dialog.getByText('"ever" is not a number of days').waitFor();
  });
});

describe("an item", () => {
  test("is shown from its menu, hides itself after 20 seconds, and when the page is left", async () => {
    const { page } = vault;
    await page.clock.install();
    await vault.more("tok", "Show");
    const shown = vault.row("tok").getByText(token);
    await shown.waitFor();
    await page.clock.fastForward(21_000);
    await shown.waitFor({ state: "detached" });
    await vault.more("tok", "Show");
    await shown.waitFor();
    await page.getByRole("link", { name: "Endpoints" }).first().click();
    await page.getByRole("link", { name: "Vault" }).first().click();
    await vault.row("tok").waitFor();
    expect(await page.content()).not.toContain(token);
    expect(actions()).toEqual(["reveal tok", "reveal tok"]);
  });

  test("is copied whole by its icon, which is recorded", async () => {
    await vault.button("Copy tok").click();
    await vault.row("tok").getByRole("button", { name: "Copied" }).waitFor();
    expect(await vault.page.evaluate("navigator.clipboard.readText()")).toBe(token);
    expect(actions()).toEqual(["reveal tok"]);
  });

  test("is renamed, in the endpoints that name it too", async () => {
    await vault.more("private-token", "Rename");
    await vault.dialog.getByText("The endpoint private will name it so too").waitFor();
    await vault.field("New name").fill("tok");
    await vault.dialog.getByRole("button", { name: "Rename" }).click();
    await vault.dialog.getByText("already").waitFor();
    await vault.field("New name").fill("fresh");
    await vault.dialog.getByRole("button", { name: "Rename" }).click();
    await vault.row("fresh").getByText("used by private").waitFor();
    await vault.row("private-token").waitFor({ state: "detached" });
    expect((await it.gateway.ask({ method: "GET", target: "/private/v1/models" })).status).toBe(200);
  });

  test("is rotated to a generated and to a given value, and back", async () => {
    await vault.more("tok", "Rotate");
    await vault.dialog.getByRole("button", { name: "Rotate" }).click();
    await vault.row("tok").getByText("rotated").waitFor();
    expect(await revealed("tok")).not.toBe(token);
    await vault.more("tok", "Put the previous value back");
    await vault.dialog.getByRole("button", { name: "Put it back" }).click();
    await vault.dialog.waitFor({ state: "detached" });
    expect(await revealed("tok")).toBe(token);
    await vault.more("tok", "Rotate");
    await vault.choose("Use an existing Bearer Token");
    await vault.field("Bearer Token").fill("given-0123456789abcdef");
    await vault.dialog.getByRole("combobox").selectOption("Not at all");
    await vault.dialog.getByRole("button", { name: "Rotate" }).click();
    await vault.row("tok").getByText("rotated").waitFor({ state: "detached" });
    expect(await revealed("tok")).toBe("given-0123456789abcdef");
  });

  test("that endpoints use is deleted only after they were named", async () => {
    await vault.button("Delete private-token").click();
    await vault.dialog.getByText("The endpoint private would break.").waitFor();
    await vault.dialog.getByRole("button", { name: "Cancel" }).click();
    expect(await vault.row("private-token").isVisible()).toBe(true);
    await vault.button("Delete private-token").click();
    await vault.dialog.getByRole("button", { name: "Delete anyway" }).click();
    await vault.row("private-token").waitFor({ state: "detached" });
  });
});

test("by keyboard alone an item is added, looked at and deleted", async () => {
  const { page } = vault;
  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Goes on with Tab until what has the focus is called so. */
  const tabTo = async (name: string): Promise<void> => {
    for (let step = 0; step < 60; step += 1) {
      const focused = await page.evaluate(
        "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()",
      );
      if (focused === name) return;
      await press("Tab");
    }
    throw new Error(`Tab does not lead to ${name}`);
  };
  const focused = (name: string) => page.locator(":focus", { hasText: name }).waitFor();
  await tabTo("Add Vault Item");
  await press("Enter");
  await focused("Bearer Tokens");
  await press("ArrowUp");
  await focused("SSH Keys");
  await press("Home", "Enter");
  await vault.dialog.waitFor();
  await page.keyboard.type("by-hand");
  await press("Enter");
  await vault.row("by-hand").waitFor();
  await tabTo("More for by-hand");
  await press("Enter");
  await focused("Show");
  await press("Enter");
  await vault.row("by-hand").getByText("hides itself").waitFor();
  await tabTo("Hide");
  await press("Enter");
  await vault.row("by-hand").getByText("hides itself").waitFor({ state: "detached" });
  await tabTo("Delete by-hand");
  await press("Enter");
  await vault.dialog.waitFor();
  await press("Escape");
  await vault.dialog.waitFor({ state: "detached" });
  await tabTo("Delete by-hand");
  await press("Enter");
  await vault.dialog.waitFor();
  await tabTo("Delete");
  await press("Enter");
  await vault.row("by-hand").waitFor({ state: "detached" });
  // What had the focus is gone: it goes on from where the items stand.
  await page.locator("h2:focus", { hasText: "Vault" }).waitFor();
});
