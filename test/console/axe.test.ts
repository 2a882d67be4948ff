import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "../browser/browser.ts";
import { Tour, violations } from "./axe-tour.ts";
import { Scene } from "./scene.ts";
import { Console } from "./support.ts";
import { VaultPage } from "./vault-page.ts";

/** Per page, what is there once all that it asks for has come, with and without content, and how much opens at least. */
const pages = [
  { path: "/vault", full: "[data-item]", bare: ".empty", opens: 30 },
  { path: "/endpoints", full: "section.endpoint", bare: ".empty", opens: 11 },
  { path: "/live", full: "table[aria-label=Ended] tbody tr", bare: ".empty", opens: 3 },
  { path: "/playground", full: ".composer", bare: ".empty", opens: 1 },
  { path: "/settings", full: "[role=tabpanel] *", bare: "[role=tabpanel] *", opens: 8 },
] as const;

const looks = [
  ["dark", 1280],
  ["dark", 360],
  ["light", 1280],
  ["light", 360],
] as const;

let scene: Scene;
let empty: Console;
let browser: Browser;
beforeAll(async () => {
  [scene, empty, browser] = await Promise.all([Scene.start(), Console.start(), startBrowser()]);
  await scene.stir();
});
afterAll(async () => {
  await browser.close();
  await empty[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

describe.each(looks)("in the %s theme, %i pixels wide, axe finds nothing", (theme, width) => {
  const contexts: BrowserContext[] = [];
  let page: Page;

  /** A browser without motion: axe reads colours, and a colour half-way to another has a contrast of its own. */
  async function visitor(): Promise<Page> {
    const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width, height: 800 } });
    contexts.push(context);
    await context.addInitScript(`localStorage.setItem("postern-theme", ${JSON.stringify(theme)})`);
    return context.newPage();
  }

  async function enter(link: string): Promise<Page> {
    const page = await visitor();
    await page.goto(link);
    await page.locator("main h1").waitFor();
    return page;
  }

  const open = async (path: string): Promise<void> => {
    await page.goto(scene.gateway.app.admin + path);
    const full = pages.find((page) => page.path === path)?.full ?? "";
    await page.locator(`main ${full}`).first().waitFor();
  };

  beforeAll(async () => {
    page = await enter(await scene.link());
  });
  afterAll(async () => {
    for (const context of contexts) await context.close();
  });

  test("on the way in, also with a link that is refused", async () => {
    const page = await visitor();
    await page.goto(scene.gateway.app.admin);
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.goto(`${scene.gateway.app.admin}/#link=wrong`);
    await page.getByRole("alert").waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test.each(pages)(
    "on the page $path, in its tabs, menus and dialogs, and in what they refuse",
    async ({ path, opens }) => {
      await open(path);
      const tour = new Tour(page);
      await tour.walk();
      expect(tour.found).toEqual([]);
      expect(tour.seen.length, tour.seen.join("\n")).toBeGreaterThanOrEqual(opens);
    },
  );

  test("where there is nothing yet", async () => {
    const page = await enter(await empty.link());
    for (const { path, bare } of pages) {
      await page.goto(empty.url + path);
      await page.locator(`main ${bare}`).first().waitFor();
      expect([path, await violations(page)]).toEqual([path, []]);
    }
  });

  test("with a secret in sight, a note, and the way between the pages", async () => {
    await open("/vault");
    const vault = new VaultPage(page);
    await vault.more("team-token", "Show");
    await vault.row("team-token").getByText("hides itself").waitFor();
    await vault.open("Bearer Tokens");
    await vault.field("Bearer Token Name").fill("fresh");
    await vault.add();
    await page.getByText("Added fresh to your vault.").waitFor();
    expect(await violations(page)).toEqual([]);
    await vault.remove("fresh");
    const menu = vault.button("Open the menu");
    if (!(await menu.isVisible())) return;
    await menu.click();
    expect(await violations(page)).toEqual([]);
  });

  test("with an endpoint's test at its end, good and bad", async () => {
    await open("/endpoints");
    for (const [name, verdict] of [
      ["private-2", "is ready"],
      ["lab", "is not ready"],
    ] as const) {
      await page.getByRole("button", { name: `Test ${name}` }).click();
      await page.getByRole("dialog").getByText(verdict).waitFor();
      expect([name, await violations(page, "dialog[open]")]).toEqual([name, []]);
      await page.keyboard.press("Escape");
    }
  });

  test("with an answer in the playground", async () => {
    await open("/playground");
    await page.getByRole("textbox", { name: "Message" }).fill("What is a postern?");
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".figures").waitFor({ state: "attached" });
    expect(await violations(page)).toEqual([]);
  });

  test("with a local key that was just made, and that is to be revoked", async () => {
    await open("/settings");
    const button = (name: string | RegExp) => page.getByRole("button", { name });
    await page.getByRole("tab", { name: "Local keys" }).click();
    await button("Create Key").click();
    await page.getByLabel("Application").fill("editor");
    const consent = page.getByRole("checkbox", { name: "Demand keys from now on" });
    if ((await consent.count()) > 0) await consent.check();
    await page.locator("dialog [type=submit]").click();
    await page.getByRole("dialog", { name: "The key of “editor”" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("It cannot be shown again.").waitFor();
    expect(await violations(page, "dialog[open]")).toEqual([]);
    await page.locator("dialog [type=submit]").click();
    await button(/^Revoke/).click();
    expect(await violations(page)).toEqual([]);
    await page.locator("dialog [type=submit]").click();
    await page.getByText("Every request to the gateway is refused").waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test("when the session has ended", async () => {
    await open("/vault");
    await page.context().clearCookies();
    await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
    expect(await violations(page)).toEqual([]);
  });
});
