import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { Download, Locator } from "playwright-core";
import { describe, expect, test } from "vitest";
import { models } from "../../src/sandbox/model.ts";
import { eventually } from "../support/eventually.ts";
import { Deployment } from "./deployment.ts";
import { type Hand, handOn } from "./hands.ts";
import { Served } from "./served.ts";

const [{ id: model }] = models;

describe.each([
  ["the mouse", 1280],
  ["the keyboard alone", 1280],
  ["the mouse", 360],
] as const)("with %s, %i pixels wide", (name, width) => {
  test("an empty vault leads to a chat, a stopped stream and a rotated certificate", async () => {
    await using it = await Served.start(width);
    const journey = new Journey(it, handOn(it.page, name));
    const pem = await journey.generate();
    await using deployment = await Deployment.start(it.folder, await journey.downloadAuthority());
    expect(await statusWith(deployment, pem)).toBe(200);
    await journey.addEndpoint(deployment);
    await journey.testEndpoint();
    await journey.chat();
    await journey.openTimeline();
    await journey.stopAStream(deployment);
    await journey.rotateWhileAStreamRuns(deployment);
    await journey.lookAtTheAudit();
    // Every line of the key, but for the first, which says of what type it is.
    for (const line of keyLines(pem)) expect(it.log).not.toContain(line);
  });
});

/** The steps of it, each from where the one before has led. */
class Journey {
  readonly #it: Served;
  readonly #hand: Hand;

  constructor(it: Served, hand: Hand) {
    this.#it = it;
    this.#hand = hand;
  }

  /** Makes a certificate in the vault, and returns what the browser downloads. */
  async generate(): Promise<string> {
    const { page } = this.#hand;
    await page.getByText("Your vault is empty.").waitFor();
    await this.#hand.pick(this.#button("Add Vault Item"), "Certificates");
    await this.#hand.write(this.#field("Certificate Name"), "gen-cert");
    const { name, text } = await this.#downloaded(() => this.#hand.press(this.#button("Add to Vault")));
    await page.getByText("Added gen-cert to your vault.").waitFor();
    expect(name).toBe("gen-cert.pem");
    return text;
  }

  /** What the platform has to be given. */
  async downloadAuthority(): Promise<string> {
    const { name, text } = await this.#downloaded(() =>
      this.#hand.pick(this.#button("More for gen-cert"), "Download certificate of its CA"),
    );
    expect(name).toBe("gen-cert-ca.crt");
    return text;
  }

  async addEndpoint({ url, ca }: Deployment): Promise<void> {
    const { page } = this.#hand;
    await this.#goTo("Endpoints");
    await this.#hand.press(this.#button("Add your first endpoint"));
    await this.#hand.write(this.#field("Name"), "private-2");
    await this.#hand.write(this.#field("URL"), url);
    await this.#hand.press(page.getByRole("checkbox", { name: /^gen-cert/ }));
    await this.#hand.write(this.#field("CA file"), ca);
    await this.#hand.press(page.getByRole("dialog").getByRole("button", { name: "Add Endpoint" }));
    await page.getByText("Added private-2.").waitFor();
    await page.getByRole("region", { name: "private-2" }).getByText("ready", { exact: true }).waitFor();
    expect(this.#it.config).toContain("credentials: [gen-cert]");
  }

  async testEndpoint(): Promise<void> {
    const { page } = this.#hand;
    await this.#hand.press(this.#button("Test private-2"));
    await page.getByText('The endpoint "private-2" is ready.').waitFor();
    const steps = await page.getByRole("dialog").getByRole("listitem").locator(".unseen").allTextContents();
    expect(new Set(steps)).toEqual(new Set(["passed"]));
    await this.#hand.press(this.#button("Use these models"));
    await page.getByText(/^private-2 is now found by/).waitFor();
    await this.#hand.close();
  }

  async chat(): Promise<void> {
    await this.#goTo("Playground");
    await this.#ask("What is a postern?");
    await this.#hand.page.locator(".figures").waitFor();
  }

  async openTimeline(): Promise<void> {
    const { page } = this.#hand;
    await this.#goTo("Live");
    const row = this.#rows("Ended").filter({ hasText: model }).first();
    await row.getByText("done").waitFor();
    await this.#hand.press(row.getByRole("button"));
    const dialog = page.getByRole("dialog", { name: "POST /chat/completions" });
    for (const phase of ["connecting", "waiting for the answer", "waiting for the first token", "streaming"])
      expect(await dialog.innerText()).toContain(phase);
    await this.#hand.close();
  }

  /** The chat of the playground, seen as it happens, and stopped by somebody who does not wait for it. */
  async stopAStream(deployment: Deployment): Promise<void> {
    const { page } = this.#hand;
    await this.#goTo("Playground");
    deployment.pause();
    await this.#ask("And a portcullis?");
    await this.#goTo("Live");
    const row = this.#rows("In flight").first();
    await row.getByText(model).waitFor();
    await this.#hand.press(row.getByRole("button", { name: "Stop" }));
    await page.getByText("The request was stopped.").waitFor();
    await page.getByText("stopped here").first().waitFor();
    await eventually(() => expect(deployment.chats.at(-1)?.ended).toBe("client-left"));
    deployment.resume();
    await this.#goTo("Playground");
    await page.getByText("The answer broke off", { exact: true }).waitFor();
  }

  /** An application's stream ends whole with the old certificate; what comes after it brings the new one. */
  async rotateWhileAStreamRuns(deployment: Deployment): Promise<void> {
    const { page } = this.#hand;
    deployment.pause();
    const answer = await this.#stream();
    const running = deployment.chats.at(-1);
    await this.#goTo("Vault");
    await this.#hand.pick(this.#button("More for gen-cert"), "Rotate");
    await this.#hand.press(page.getByRole("dialog").getByRole("button", { name: "Rotate" }));
    await page.getByText("gen-cert has a new value.").waitFor();
    await page.locator('[data-item="gen-cert"]').getByText("rotated").waitFor();
    const { serial: old } = running?.client ?? {};
    await eventually(async () => {
      expect((await fetch(`${this.#it.base}/v1/models`)).status).toBe(200);
      expect(deployment.serial).not.toBe(old);
    });
    expect(running?.ended).toBeUndefined();
    deployment.resume();
    expect(await answer.text()).toMatch(/"finish_reason":"stop".*data: \[DONE\]\n\n$/s);
    expect(running?.ended).toBe("complete");
    expect(await (await this.#stream()).text()).toContain("data: [DONE]");
    const renewed = deployment.chats.at(-1)?.client;
    expect(renewed?.serial).not.toBe(old);
    expect(renewed?.commonName).toBe(running?.client?.commonName);
  }

  async lookAtTheAudit(): Promise<void> {
    const { page } = this.#hand;
    await this.#goTo("Settings");
    await this.#hand.press(page.getByRole("tab", { name: "Audit" }));
    const uses = page.getByRole("table").locator("tbody tr");
    for (const deed of [
      "Added gen-cert",
      "Downloaded gen-cert",
      "Attached gen-cert to private-2",
      "Rotated gen-cert",
    ])
      await uses.filter({ hasText: deed }).first().waitFor();
    await this.#hand.select(page.getByLabel("Action"), "rotate");
    await this.#hand.press(this.#button("Filter"));
    await eventually(async () => expect(await uses.count()).toBe(1));
    expect(await uses.first().innerText()).toContain("console");
  }

  /** A chat as an application sends it. */
  #stream(): Promise<Response> {
    return fetch(`${this.#it.base}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "hello" }] }),
    });
  }

  async #ask(question: string): Promise<void> {
    await this.#hand.write(this.#field("Message"), question);
    await this.#hand.press(this.#button("Send"));
    await this.#hand.page.getByText(question).waitFor();
  }

  async #goTo(name: string): Promise<void> {
    const { page } = this.#hand;
    const menu = this.#button("Open the menu");
    if (await menu.isVisible()) await this.#hand.press(menu);
    await this.#hand.press(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }));
    await page.waitForURL(`**/${name.toLowerCase()}`);
  }

  async #downloaded(work: () => Promise<void>): Promise<{ readonly name: string; readonly text: string }> {
    const [download] = await Promise.all([this.#hand.page.waitForEvent("download"), work()]);
    return { name: download.suggestedFilename(), text: await textOf(download) };
  }

  #button(name: string): Locator {
    return this.#hand.page.getByRole("button", { name, exact: true });
  }

  #field(name: string): Locator {
    return this.#hand.page.getByRole("textbox", { name, exact: true });
  }

  #rows(table: "In flight" | "Ended"): Locator {
    return this.#hand.page.getByRole("table", { name: table }).locator("tbody tr");
  }
}

const textOf = async (download: Download): Promise<string> => readFileSync(await download.path(), "utf8");

/** What a program gets that uses the downloaded file as it is. */
async function statusWith({ url, ca }: Deployment, pem: string): Promise<number | undefined> {
  const certificate = new X509Certificate(pem);
  expect(certificate.checkPrivateKey(createPrivateKey(pem))).toBe(true);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(`${url}/models`, { cert: pem, key: pem, ca: readFileSync(ca), agent: false }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  })
    .on("error", reject)
    .end();
  return promise;
}

const keyLines = (pem: string): readonly string[] =>
  (/-----BEGIN PRIVATE KEY-----\n([^-]+)\n-----END/.exec(pem)?.[1] ?? "").split("\n").slice(1);
