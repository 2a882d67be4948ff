import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { startApp } from "../../src/app.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/openssl-server.ts";
import { violations } from "./axe-tour.ts";
import { Console } from "./support.ts";

/** The pages, by the names of their links; each has a heading. */
const headings = {
  Vault: "Your Account",
  Endpoints: "Endpoints",
  Live: "Live",
  Playground: "Playground",
  Settings: "Settings",
} as const;
const pages = Object.keys(headings) as (keyof typeof headings)[];

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
const link = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true });
const focused = (page: Page): Promise<string> =>
  page.evaluate("document.activeElement.textContent || document.activeElement.getAttribute('aria-label')");

/** Presses Tab until this has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 30; presses += 1) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === name) return;
  }
  throw new Error(`Tab never reaches "${name}"`);
}

test("a one-time link opens the vault, and its code is gone from the address and the history", async () => {
  await using it = await Console.start();
  const page = await it.visitor();
  const url = await it.link();
  await page.goto(url);
  await heading(page, headings.Vault).waitFor();
  expect(page.url()).toBe(`${it.url}/`);
  expect(await page.evaluate("history.length")).toBe(2);
  expect(await page.content()).not.toContain(new URL(url).hash.slice("#link=".length));
});

test("each page is reached with the mouse, and says where one is by address, title, heading and link", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  for (const name of pages.toReversed()) {
    await link(page, name).click();
    await heading(page, headings[name]).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/${name.toLowerCase()}`);
    expect(await page.title()).toBe(`${headings[name]} · Postern`);
    expect(await page.locator("[aria-current=page]").allTextContents()).toEqual([name]);
  }
  await page.goBack();
  await heading(page, "Endpoints").waitFor();
});

test("each page is reached with the keyboard alone, and its heading then has the focus", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  await heading(page, headings.Vault).waitFor();
  for (const name of pages.toReversed()) {
    await page.reload();
    await page.getByRole("navigation").waitFor();
    await tabTo(page, name);
    await page.keyboard.press("Enter");
    await heading(page, headings[name]).waitFor();
    await eventually(async () => expect(await focused(page)).toBe(headings[name]));
  }
});

test("the first Tab leads past the navigation to the page", async () => {
  await using it = await Console.start();
  const page = await it.browse({ path: "/settings" });
  await heading(page, "Settings").waitFor();
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to the page");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.tagName")).toBe("MAIN");
  expect(page.url()).toBe(`${it.url}/settings`);
});

test("the console is dark at the first visit, whatever the system likes, and remembers the other theme", async () => {
  await using it = await Console.start();
  const page = await it.visitor();
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(await it.link());
  const ground = (): Promise<string> =>
    page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
  await page.getByRole("button", { name: "Light theme" }).click();
  const light = await ground();
  await page.getByRole("button", { name: "Dark theme" }).click();
  expect(await ground()).not.toBe(light);
  expect(await page.evaluate("localStorage.getItem('postern-theme')")).toBe("dark");
});

test("at 360 pixels a button opens the way between the pages, and nothing is wider than the window", async () => {
  await using it = await Console.start();
  const page = await it.browse({ width: 360, height: 740 });
  const menu = page.getByRole("button", { name: "Open the menu" });
  for (const name of pages) {
    expect(await link(page, name).isVisible()).toBe(false);
    await menu.click();
    await link(page, name).click();
    await heading(page, headings[name]).waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  }
  await menu.focus();
  await page.keyboard.press("Enter");
  await link(page, "Vault").waitFor();
  await page.keyboard.press("Escape");
  expect(await link(page, "Vault").isVisible()).toBe(false);
});

test("the sidebar names the gateway's address and version", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  await page.getByText(it.gateway.base.replace("http://", "")).waitFor();
  await page.getByText("Postern 0.1.0").waitFor();
});

test("an address without a page says so and leads back, wide and narrow, also with a long name", async () => {
  await using it = await Console.start();
  for (const width of [1280, 360]) {
    const page = await it.browse({ width });
    // That it is none is an answer like any other; Chromium complains of it.
    it.complaints.length = 0;
    for (const path of ["/vaults", `/${"x".repeat(200)}`, "/<b>x</b>?y=1#z"]) {
      expect((await page.goto(it.url + path))?.status()).toBe(404);
      await heading(page, "No such page").waitFor();
      await page.getByText(new URL(path, it.url).pathname, { exact: true }).waitFor();
      expect(await page.locator("[aria-current=page]").count()).toBe(0);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
    }
    expect(await violations(page)).toEqual([]);
    await page.getByRole("main").getByRole("link", { name: "vault" }).click();
    await heading(page, headings.Vault).waitFor();
    await page.goBack();
    await heading(page, "No such page").waitFor();
  }
  it.complaints.splice(0);
});

test("without a session the page says how to get in, and a pasted link opens it", async () => {
  await using it = await Console.start();
  const page = await it.visitor();
  await page.goto(`${it.url}/live`);
  await heading(page, "Open the console").waitFor();
  await page.getByText("postern console", { exact: true }).waitFor();
  await page.getByLabel("Or paste the link here").fill(await it.link());
  await page.keyboard.press("Enter");
  await heading(page, "Live").waitFor();
});

test("a link that was used, and one that never was, are refused in words that say the way out", async () => {
  await using it = await Console.start();
  const url = await it.link();
  for (const [path, words] of [
    [url, undefined],
    [url, "This link has been used already"],
    [`${it.url}/#link=nothing`, "This link does not open the console"],
  ] as const) {
    const page = await it.visitor();
    await page.goto(path);
    if (words === undefined) await heading(page, headings.Vault).waitFor();
    else {
      await page.getByRole("alert").filter({ hasText: words }).waitFor();
      await page.getByText("Make another: postern console").waitFor();
      expect(page.url()).toBe(`${it.url}/`);
    }
  }
});

test("a link that is followed twice in one browser leads to the session that it opened", async () => {
  await using it = await Console.start();
  const page = await it.visitor();
  const url = await it.link();
  await page.goto(url);
  await heading(page, headings.Vault).waitFor();
  const again = await page.context().newPage();
  await again.goto(url);
  await heading(again, headings.Vault).waitFor();
  expect(again.url()).toBe(`${it.url}/`);
});

test("a session of the last visit goes on, and one that has ended since leads to the way in", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  await page.reload();
  await heading(page, headings.Vault).waitFor();
  await page.context().clearCookies();
  await page.reload();
  await heading(page, "Open the console").waitFor();
  await page.getByRole("alert").waitFor();
});

test("logging out ends the session on both sides", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  const cookies = await page.context().cookies();
  const token = await page.evaluate("localStorage.getItem('postern-token')");
  await page.getByRole("button", { name: "Log out" }).click();
  await heading(page, "Open the console").waitFor();
  expect(await page.evaluate("localStorage.getItem('postern-token')")).toBeNull();
  const { status } = await fetch(`${it.url}/api/v1/session`, {
    headers: {
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join("; "),
      "x-postern-token": String(token),
    },
  });
  expect(status).toBe(401);
});

test("a session that ends while somebody works is renewed in place, and nothing is lost", async () => {
  await using it = await Console.start();
  const page = await it.browse({ path: "/settings" });
  await heading(page, "Settings").waitFor();
  // A mark in the page that a reload would wipe out.
  await page.evaluate("document.querySelector('h1').dataset.kept = 'yes'");
  await page.context().clearCookies();
  await link(page, "Live").click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await dialog.getByLabel("Link").fill(`${it.url}/#link=wrong`);
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").filter({ hasText: "This link does not open the console" }).waitFor();
  await dialog.getByLabel("Link").fill(await it.link());
  await dialog.getByRole("button", { name: "Go on" }).click();
  await dialog.waitFor({ state: "detached" });
  await heading(page, "Live").waitFor();
});

test("while the gateway does not answer a strip says so, and it goes by itself", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  await heading(page, headings.Vault).waitFor();
  const strip = page.getByText("The gateway does not answer; trying again…");
  await page.context().setOffline(true);
  await strip.waitFor();
  await page.context().setOffline(false);
  await strip.waitFor({ state: "detached" });
  expect(await page.getByRole("dialog").count()).toBe(0);
  expect(it.complaints.splice(0).every((text) => text.includes("ERR_INTERNET_DISCONNECTED"))).toBe(true);
});

test("a gateway that was started again asks for a link, and the page goes on where it was", async () => {
  const admin = `127.0.0.1:${await freePort()}`;
  await using it = await Console.start({ settings: { admin } });
  const page = await it.browse({ path: "/settings" });
  await heading(page, headings.Settings).waitFor();
  await it.gateway.app.stop();
  await page.getByText("The gateway does not answer; trying again…").waitFor();
  const again = await startApp({ configFile: it.gateway.file, logTo: it.gateway.log });
  try {
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await dialog.getByLabel("Link").fill(await it.link());
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "detached" });
    await heading(page, headings.Settings).waitFor();
    expect(it.complaints.splice(0).every((text) => text.includes("net::ERR_"))).toBe(true);
  } finally {
    await again.stop();
  }
});

test("a link that is pasted over the address of an open page opens a session there", async () => {
  await using it = await Console.start();
  const page = await it.visitor();
  await page.goto(it.url);
  await heading(page, "Open the console").waitFor();
  await page.goto(await it.link());
  await heading(page, headings.Vault).waitFor();
  expect(page.url()).toBe(`${it.url}/`);
});

test("for those who want no motion nothing moves", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  await page.emulateMedia({ reducedMotion: "reduce" });
  const longest: number = await page.evaluate(
    "Math.max(...[...document.querySelectorAll('*')].map((e) => parseFloat(getComputedStyle(e).transitionDuration)))",
  );
  expect(longest).toBeLessThan(0.001);
});

/** What a menu's list shows of itself. */
const inWindow = (page: Page): Promise<boolean> =>
  page.evaluate(`(() => {
    const { left, right } = document.querySelector("[role=menu]").getBoundingClientRect();
    return left >= 0 && right <= innerWidth;
  })()`);

test("a menu goes by the keyboard: arrows, the first letter, Escape back to its button; and is never cut off", async () => {
  await using it = await Console.start();
  for (const width of [1280, 360]) {
    const page = await it.browse({ width });
    const button = page.getByRole("button", { name: "Add Vault Item" });
    await button.focus();
    await page.keyboard.press("Enter");
    const focusedAfter = async (key: string): Promise<string> => {
      await page.keyboard.press(key);
      return focused(page);
    };
    await page.getByRole("menu").waitFor();
    expect(await inWindow(page)).toBe(true);
    expect(await focusedAfter("ArrowDown")).toBe("Certificates");
    expect(await focusedAfter("End")).toBe("SSH Keys");
    expect(await focusedAfter("ArrowDown")).toBe("Bearer Tokens");
    expect(await focusedAfter("h")).toBe("Hugging Face Tokens");
    expect(await focusedAfter("Escape")).toBe("Add Vault Item");
    expect(await page.getByRole("menu").count()).toBe(0);
  }
});

test("a dialog takes the focus, keeps it, and gives it back when Escape closes it", async () => {
  await using it = await Console.start();
  const page = await it.browse();
  const button = page.getByRole("button", { name: "Add Vault Item" });
  await button.click();
  await page.getByRole("menuitem", { name: "Bearer Tokens" }).click();
  await page.getByRole("dialog").waitFor();
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press("Tab");
    // Between the last and the first the browser's own controls have their turn.
    expect(
      await page.evaluate(
        "document.activeElement.closest('dialog') !== null || document.activeElement === document.body",
      ),
    ).toBe(true);
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await focused(page)).toBe("Add Vault Item");
});

test.each(["br", "gz"])(
  "all script of the console together is under 80 kB, compressed as %s",
  async (ending) => {
    const folder = join(import.meta.dirname, "../../dist/console/assets");
    const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
    const sizes = scripts.map((name) => statSync(join(folder, `${name}.${ending}`)).size);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(80_000);
  },
);
