import { appendFileSync, readFileSync } from "node:fs";
import type { Locator, Page } from "playwright-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { violations } from "./axe-tour.ts";
import { Console } from "./support.ts";

let it: Console;
beforeEach(async () => {
  it = await Console.start({ sandbox: ["certificate"] });
});
afterEach(() => it[Symbol.asyncDispose]());

const open = (tab: string): Promise<Page> => it.browse({ path: `/settings?tab=${tab}` });

/** The status with which the gateway answers a chat that brings this key. */
async function tried(key: string): Promise<number> {
  const answer = await fetch(`${it.gateway.base}/private/v1/models`, {
    headers: { Authorization: `Bearer ${key}` },
  });
  await answer.text();
  return answer.status;
}

/** Goes on from control to control by the Tab key until it is there. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await wanted.waitFor();
  const passed: string[] = [];
  for (;;) {
    if (await wanted.evaluate((element) => element.matches(":focus"))) return;
    passed.push(String(await page.evaluate("document.activeElement?.outerHTML.slice(0, 80)")));
    if (passed.length > 40) throw new Error(`the Tab key leads elsewhere:\n${passed.join("\n")}`);
    await page.keyboard.press("Tab");
  }
}

test("a key is created, shown once, works at the gateway, and stops when it is revoked", async () => {
  const page = await open("keys");
  await page.getByText("No key is demanded").waitFor();
  await page.getByRole("button", { name: "Create Key" }).click();
  const dialog = page.getByRole("dialog", { name: "Create a Local Key" });
  await dialog.getByLabel("Application").fill("editor");
  await dialog.getByLabel("private", { exact: true }).check();
  await dialog.getByLabel("Requests per minute").fill("60");
  // It asks first: from then on every request needs a key.
  expect(await dialog.getByRole("button", { name: "Create Key" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Demand keys from now on").check();
  await dialog.getByRole("button", { name: "Create Key" }).click();

  const made = page.getByRole("dialog", { name: "The key of “editor”" });
  const key = (await made.locator("code", { hasText: /^postern-/ }).textContent()) ?? "";
  await made.getByRole("button", { name: "Copy the key" }).click();
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(key);
  expect([await tried(key), await tried("another")]).toEqual([200, 401]);
  // Escape by habit does not lose it.
  await page.keyboard.press("Escape");
  await made.getByText("It cannot be shown again.").waitFor();
  await made.getByRole("button", { name: "I have stored it" }).click();
  await made.waitFor({ state: "detached" });
  await page.getByRole("row", { name: /editor private all 60 requests\/min/ }).waitFor();
  expect(await page.content()).not.toContain(key);
  await page.reload();
  await page.getByRole("button", { name: "Revoke" }).click();
  expect(await page.content()).not.toContain(key);

  const question = page.getByRole("dialog", { name: "Revoke the key of “editor”?" });
  await question.getByText("It is the last key.").waitFor();
  await question.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("Every request to the gateway is refused").waitFor();
  expect(await tried(key)).toBe(401);
});

test("the wrong name is refused beside the field, and what was typed stays", async () => {
  await it.api("POST", "/keys", { name: "editor" });
  const page = await open("keys");
  await page.getByRole("button", { name: "Create Key" }).click();
  const dialog = page.getByRole("dialog");
  for (const [name, message] of [
    ["editor", "The key “editor” is there already"],
    ["my editor", "“my editor” cannot name a key"],
  ] as const) {
    await dialog.getByLabel("Application").fill(name);
    await dialog.getByRole("button", { name: "Create Key" }).click();
    await dialog.getByRole("alert").getByText(message.replaceAll(/[“”]/g, '"')).waitFor();
    expect(await dialog.getByLabel("Application").inputValue()).toBe(name);
  }
});

test("a broken file shows its problem at its line while the last good one serves; mended and reloaded it is in force", async () => {
  const page = await open("configuration");
  await page.getByText("in force", { exact: true }).waitFor();
  const good = readFileSync(it.gateway.file, "utf8");
  it.gateway.write(`${good}default-endpoint: privat\n`);
  await page.getByText("The file has a problem.").waitFor();
  await page.getByText("not in force", { exact: true }).waitFor();
  const lines = good.split("\n").length;
  const line = page.getByRole("listitem").filter({ hasText: "default-endpoint: privat" }).last();
  expect(await line.textContent()).toContain(`${lines}default-endpoint: privat`);
  await line.getByText('did you mean "private"?').waitFor();
  expect(await tried("")).toBe(200);
  await page.getByRole("button", { name: `Line ${lines}` }).click();
  expect(await page.evaluate("document.activeElement.textContent")).toContain("default-endpoint: privat");

  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByText("The file has problems.").waitFor();
  it.gateway.write(`${good}default-endpoint: private\n`);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByText("The configuration was read again, and is in force.").waitFor();
  await page.getByText("in force", { exact: true }).waitFor();
  await page.getByRole("tab", { name: "Reloads" }).click();
  await page
    .getByRole("row", { name: /Configuration applied/ })
    .first()
    .waitFor();
  await page
    .getByRole("row", { name: /Configuration refused .*default-endpoint/s })
    .first()
    .waitFor();
});

test("markup in the file and in the record of uses is text", async () => {
  const markup = "<img src=x onerror=alert(1)>";
  const page = await open("configuration");
  it.gateway.write(`${readFileSync(it.gateway.file, "utf8")}# ${markup}\n`);
  await page.getByText(markup).waitFor();
  appendFileSync(
    it.gateway.folder.file("audit.log"),
    `${JSON.stringify({ at: new Date().toISOString(), command: markup, pid: 1, action: markup, about: markup })}\n`,
  );
  await page.getByRole("tab", { name: "Audit" }).click();
  await page.getByRole("cell", { name: markup }).first().waitFor();
  expect(await page.locator("img[src=x]").count()).toBe(0);
});

test("the audit shows what was just done, chosen and page by page", async () => {
  for (let number = 0; number < 60; number += 1) await it.api("POST", "/items/gen-cert/reveal");
  const page = await open("audit");
  await page.getByText("Revealed gen-cert").first().waitFor();
  const rows = page.locator("tbody tr");
  expect(await rows.count()).toBe(50);
  await page.getByRole("button", { name: "Show older" }).click();
  await eventually(async () => expect(await rows.count()).toBeGreaterThan(60));
  await page.getByLabel("Action").selectOption("attach");
  await page.getByLabel("Item").fill("gen-cert");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByText("Attached gen-cert to private").first().waitFor();
  await eventually(async () => expect(await page.getByText("Revealed").count()).toBe(0));
  await page.getByLabel("Item").fill("nobody");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByText("No use fits").waitFor();
});

test("where nothing is recorded, the page says how that is switched on", async () => {
  it.gateway.write(`${readFileSync(it.gateway.file, "utf8")}audit: { to: off }\n`);
  await it.api("POST", "/configuration/reload");
  const page = await open("audit");
  await page.getByText("The use of the vault is not recorded").waitFor();
});

test("about shows versions and places, and the theme changes there", async () => {
  const page = await open("about");
  await page.getByText(process.versions.node, { exact: true }).waitFor();
  await page.getByText(it.gateway.folder.file("vault.age"), { exact: true }).waitFor();
  await page.getByRole("radio", { name: "Light" }).check();
  expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("light");
});

test("axe finds no violation on any tab or dialog, in both themes", async () => {
  await it.api("POST", "/keys", { name: "editor", limits: { concurrency: 2 } });
  it.gateway.write(`${readFileSync(it.gateway.file, "utf8")}default-endpoint: privat\n`);
  await it.api("POST", "/configuration/reload");
  for (const look of [{ theme: "dark" }, { theme: "light", width: 360 }] as const) {
    const page = await it.browse({ ...look, path: "/settings" });
    await page.getByText("The file has a problem.").waitFor();
    for (const tab of ["Configuration", "Reloads", "Local keys", "Audit", "About"]) {
      await page.getByRole("tab", { name: tab }).click();
      await page.getByRole("tabpanel").locator("table, section, ol").first().waitFor();
      expect(await violations(page), `${tab}, ${look.theme}`).toEqual([]);
    }
    await page.getByRole("tab", { name: "Local keys" }).click();
    await page.getByRole("button", { name: "Create Key" }).click();
    await page.getByRole("dialog").getByText("private", { exact: true }).waitFor();
    expect(await violations(page), `dialog, ${look.theme}`).toEqual([]);
  }
});

test("by keyboard alone: through the tabs, a key created, and revoked", async () => {
  const page = await open("configuration");
  await page.getByRole("tab", { name: "Configuration" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  expect(await page.getByRole("tab", { name: "Local keys" }).getAttribute("aria-selected")).toBe("true");
  await page.getByText("No key is demanded").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  // The dialog begins at its first field.
  await page.getByRole("dialog").waitFor();
  await page.keyboard.type("editor");
  const agree = page.getByLabel("Demand keys from now on");
  await tabTo(page, agree);
  await page.keyboard.press("Space");
  expect(await agree.isChecked()).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "The key of “editor”" }).waitFor();
  await tabTo(page, page.getByRole("button", { name: "I have stored it" }));
  await page.keyboard.press("Enter");
  const revoke = page.getByRole("button", { name: "Revoke" });
  await revoke.waitFor();
  await tabTo(page, revoke);
  await page.keyboard.press("Enter");
  const question = page.getByRole("dialog");
  await question.waitFor();
  await tabTo(page, question.getByRole("button", { name: "Revoke" }));
  await page.keyboard.press("Enter");
  await page.getByText("Every request to the gateway is refused").waitFor();
});
