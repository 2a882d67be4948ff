import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "../browser/browser.ts";
import { Scene } from "./scene.ts";

const paths = ["/vault", "/endpoints", "/live", "/playground", "/settings"] as const;
const themes = ["dark", "light"] as const;

let scene: Scene;
let browser: Browser;
beforeAll(async () => {
  [scene, browser] = await Promise.all([Scene.start(), startBrowser()]);
  await scene.stir();
});
afterAll(async () => {
  await browser.close();
  await scene[Symbol.asyncDispose]();
});

/** A page without motion: axe reads colours, and a colour half-way to another has a contrast of its own. */
async function visitor(theme: string, width = 1280): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", viewport: { width, height: 800 } });
  await context.addInitScript(`localStorage.setItem("postern-theme", ${JSON.stringify(theme)})`);
  return context.newPage();
}

async function open(theme: string, path: string, width?: number): Promise<Page> {
  const page = await visitor(theme, width);
  await page.goto(await scene.link());
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.goto(scene.gateway.app.admin + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  // Until what the page asks for has come; a page that follows a stream never ends asking.
  await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => {});
  return page;
}

/** What axe finds, each with the elements at fault. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary ?? ""}`),
  );
}

const closeDialogs = async (page: Page): Promise<void> => {
  while ((await page.locator("dialog[open]").count()) > 0) {
    const before = await page.locator("dialog[open]").count();
    await page.keyboard.press("Escape");
    await expect.poll(() => page.locator("dialog[open]").count()).toBeLessThan(before);
  }
};

/**
 * The buttons of the page that may open something: of those that are called the same but for the item they are about,
 * the first.
 */
async function openers(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(() => {
    const seen = new Set();
    return [...document.querySelectorAll("main button:not([type=submit]):not(:disabled)")]
      .filter((button) => button.checkVisibility() && button.getAttribute("role") === null)
      .flatMap((button, index) => {
        const name = button.getAttribute("aria-label") ?? button.textContent;
        const sort = button.className + " " + name.trim().split(/\\s/)[0];
        if (seen.has(sort)) return [];
        seen.add(sort);
        button.dataset.opener = String(index);
        return [String(index)];
      });
  })()`);
}

for (const theme of themes)
  describe(`in the ${theme} theme axe finds nothing`, () => {
    test("on the way in, also with a link that is refused", async () => {
      const page = await visitor(theme);
      await page.goto(scene.gateway.app.admin);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.goto(`${scene.gateway.app.admin}/#link=wrong`);
      await page.getByRole("alert").waitFor();
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });

    test("when the session has ended", async () => {
      const page = await open(theme, "/settings");
      await page.context().clearCookies();
      await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });

    test.each(paths)("on the page %s, wide, narrow and with its menu open", async (path) => {
      const wide = await open(theme, path);
      expect(await violations(wide)).toEqual([]);
      await wide.context().close();
      const narrow = await open(theme, path, 360);
      expect(await violations(narrow)).toEqual([]);
      await narrow.getByRole("button", { name: "Open the menu" }).click();
      expect(await violations(narrow)).toEqual([]);
      await narrow.context().close();
    });

    test.each(paths)("in the dialogs and menus of the page %s", async (path) => {
      const page = await open(theme, path);
      const found: string[] = [];
      const look = async (opener: string): Promise<void> => {
        for (const violation of await violations(page)) found.push(`after ${opener}: ${violation}`);
      };
      for (const opener of await openers(page)) {
        const button = page.locator(`[data-opener="${opener}"]`);
        // What was pressed before may have taken it away.
        if (!(await button.isVisible())) continue;
        const name = (await button.getAttribute("aria-label")) ?? (await button.textContent()) ?? "";
        await button.click();
        if ((await button.getAttribute("aria-haspopup")) !== "menu") {
          if ((await page.locator("dialog[open]").count()) > 0) await look(name);
          await closeDialogs(page);
          continue;
        }
        await look(name);
        const entries = await page.getByRole("menuitem").allTextContents();
        await page.keyboard.press("Escape");
        for (const entry of entries) {
          await button.click();
          await page.getByRole("menuitem", { name: entry, exact: true }).click();
          if ((await page.locator("dialog[open]").count()) > 0) await look(`${name}, ${entry}`);
          await closeDialogs(page);
        }
      }
      expect(found).toEqual([]);
      await page.context().close();
    });
  });
