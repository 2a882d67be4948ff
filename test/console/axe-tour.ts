import axe from "axe-core";
import type { Locator, Page } from "playwright-core";

/** Resolves when nothing fades or moves any more: what is half faded in has another contrast. */
const settled = `Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect?.getComputedTiming().iterations !== Infinity)
  .map((one) => one.finished))`;

/** What axe finds in a part of a page, each with the elements at fault; in the whole page without a part. */
export async function violations(page: Page, part = "html"): Promise<readonly string[]> {
  await page.evaluate(settled);
  if ((await page.evaluate("typeof axe")) === "undefined") await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(`axe.run(${JSON.stringify(part)})`)) as axe.AxeResults;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary ?? ""}`),
  );
}

const openDialog = "dialog[open]";
/** A name that nothing takes. */
const wrongName = "no name!";

/** A walk through everything that can be opened on a page, with a look at each. */
export class Tour {
  /** What axe found, with the way there. */
  readonly found: string[] = [];
  /** At what it looked: a walk that opens no dialog finds nothing wrong in them. */
  readonly seen: string[] = [];
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** The page as it stands, each of its tabs, and what the buttons there open. */
  async walk(): Promise<void> {
    await this.#look("the page");
    await this.#unfold();
    const tabs = await this.#page.locator("main [role=tab]").all();
    for (const tab of tabs) {
      const name = await nameOf(tab);
      await tab.click();
      await this.#page.waitForLoadState("networkidle", { timeout: 600 }).catch(() => {});
      if (tabs.length > 1) await this.#look(`the tab ${name}`);
      await this.#openAll(name);
    }
    if (tabs.length === 0) await this.#openAll("the page");
  }

  async #unfold(): Promise<void> {
    const folded = this.#page.locator("main details:not([open]) > summary");
    const count = await folded.count();
    // What is open is no longer among them.
    for (let done = 0; done < count; done += 1) await folded.first().press("Enter");
    if (count > 0) await this.#look("all that unfolds");
  }

  async #openAll(place: string): Promise<void> {
    for (const opener of await markOpeners(this.#page, place)) {
      const button = this.#page.locator(`[data-opener="${opener}"]`);
      // What was pressed before may have taken it away.
      if (!(await button.isVisible()) || (await button.isDisabled())) continue;
      const name = await nameOf(button);
      const isMenu = (await button.getAttribute("aria-haspopup")) === "menu";
      await button.click();
      if (!isMenu) {
        await this.#lookAtDialog(name);
        continue;
      }
      await this.#look(`the menu ${name}`, "[role=menu]");
      const entries = await this.#page.getByRole("menuitem").allTextContents();
      await this.#page.keyboard.press("Escape");
      for (const entry of entries) {
        await button.click();
        await this.#page.getByRole("menuitem", { name: entry, exact: true }).click();
        await this.#lookAtDialog(`${name}, ${entry}`);
      }
    }
  }

  /** The dialog that has opened, if one has: each of its tabs and ways, and what it says of a wrong name. */
  async #lookAtDialog(name: string): Promise<void> {
    const dialog = this.#page.locator(openDialog);
    if ((await dialog.count()) === 0) return;
    await this.#look(name, openDialog);
    for (const choice of await dialog.locator("[role=tab]:not([aria-selected=true]), [type=radio]").all()) {
      await choice.click();
      await this.#look(`${name}: ${await nameOf(choice)}`, openDialog);
    }
    const empty = dialog.locator("input:required, textarea:required");
    const submit = dialog.locator("footer [type=submit]");
    if ((await empty.count()) > 0 && (await submit.count()) > 0) {
      for (const field of await empty.all()) await field.fill(wrongName);
      // Some ask for a consent first.
      if (await submit.isDisabled())
        for (const box of await dialog.getByRole("checkbox").all()) await box.check();
      await submit.click();
      await dialog.getByRole("alert").first().waitFor();
      await this.#look(`${name}: what is wrong`, openDialog);
    }
    await this.#page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }

  async #look(what: string, part?: string): Promise<void> {
    this.seen.push(what);
    for (const violation of await violations(this.#page, part)) this.found.push(`${what}: ${violation}`);
  }
}

/** What a button or a choice is called. */
const nameOf = async (element: Locator): Promise<string> => {
  const name = (await element.getAttribute("aria-label")) ?? (await element.textContent()) ?? "";
  return name.trim() === ""
    ? element.evaluate(({ labels }) => String(labels?.[0]?.textContent))
    : name.trim();
};

/**
 * The buttons of the page that may open something, marked with `data-opener`: of those that are called the same but for
 * the item they are about, the first.
 */
const markOpeners = (page: Page, place: string): Promise<readonly string[]> =>
  page.evaluate(`(() => {
    const seen = new Set();
    return [...document.querySelectorAll("main button:not([type=submit]):not([role]):not(:disabled)")]
      .filter((button) => button.checkVisibility())
      .flatMap((button, index) => {
        const name = button.getAttribute("aria-label") ?? button.textContent;
        const sort = button.className + " " + name.trim().split(/\\s/)[0];
        if (seen.has(sort)) return [];
        seen.add(sort);
        button.dataset.opener = ${JSON.stringify(place)} + " " + index;
        return [button.dataset.opener];
      });
  })()`);
