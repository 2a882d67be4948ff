import type { Locator, Page } from "playwright-core";

/** What somebody does with a page. Where a thing is said to be pressed, it is found first, as that hand finds it. */
export interface Hand {
  readonly page: Page;
  /** Presses a button, follows a link, opens a row, chooses a tab or a radio, ticks a box. */
  press(target: Locator): Promise<void>;
  /** Writes into a field, in place of what stands there. */
  write(field: Locator, text: string): Promise<void>;
  /** Chooses an option of a list by its words. */
  select(field: Locator, option: string): Promise<void>;
  /** Opens a menu by its button, and chooses an entry. */
  pick(button: Locator, entry: string): Promise<void>;
  /** Has a field take a file from the disk. */
  give(button: Locator, file: GivenFile): Promise<void>;
  /** Closes the dialog that is open. */
  close(): Promise<void>;
}

export interface GivenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const fileOf = (name: string, content: string | Buffer): GivenFile => ({
  name,
  mimeType: "",
  buffer: Buffer.from(content),
});

export const handNames = ["the mouse", "the keyboard alone"] as const;
export type HandName = (typeof handNames)[number];

export const handOn = (page: Page, name: HandName): Hand =>
  name === "the mouse" ? new Mouse(page) : new Keyboard(page);

const entryOf = (page: Page, entry: string): Locator =>
  page.getByRole("menuitem", { name: entry, exact: true });

/** The browser asks for a file while `work` is done, and gets this one. */
async function whenAsked(page: Page, file: GivenFile, work: Promise<void>): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), work]);
  await chooser.setFiles(file);
}

class Mouse implements Hand {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async press(target: Locator): Promise<void> {
    await target.click();
  }

  async write(field: Locator, text: string): Promise<void> {
    await field.click();
    await field.fill(text);
  }

  async select(field: Locator, option: string): Promise<void> {
    await field.selectOption(option);
  }

  async pick(button: Locator, entry: string): Promise<void> {
    await button.click();
    await entryOf(this.page, entry).click();
  }

  give(button: Locator, file: GivenFile): Promise<void> {
    return whenAsked(this.page, file, button.click());
  }

  async close(): Promise<void> {
    await this.page.locator("dialog[open] .dialog-close").click();
    await this.page.locator("dialog[open]").waitFor({ state: "detached" });
  }
}

/** Keys and nothing else: it never clicks, and never gives the focus to anything by script. */
class Keyboard implements Hand {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async press(target: Locator): Promise<void> {
    await this.reach(target);
    await this.#key((await target.evaluate(isChoice)) ? "Space" : "Enter");
  }

  async write(field: Locator, text: string): Promise<void> {
    await this.reach(field);
    await this.#key("Control+A");
    await this.#key("Delete");
    await this.page.keyboard.type(text);
  }

  async select(field: Locator, option: string): Promise<void> {
    await this.reach(field);
    const steps = await field.evaluate(stepsTo, option);
    for (let step = 0; step < Math.abs(steps); step += 1)
      await this.#key(steps > 0 ? "ArrowDown" : "ArrowUp");
  }

  async pick(button: Locator, entry: string): Promise<void> {
    await this.press(button);
    await this.press(entryOf(this.page, entry));
  }

  give(button: Locator, file: GivenFile): Promise<void> {
    return whenAsked(this.page, file, this.press(button));
  }

  async close(): Promise<void> {
    await this.#key("Escape");
    await this.page.locator("dialog[open]").waitFor({ state: "detached" });
  }

  /** Goes on with Tab, and within what is one stop of it with the arrows, until the target has the focus. */
  async reach(target: Locator): Promise<void> {
    await target.waitFor();
    for (let presses = 0; presses < mostPresses; presses += 1) {
      const key = await target.evaluate(keyTowards);
      if (key === "") return;
      await this.#key(key);
    }
    throw new Error(`no key leads to ${String(target)}`);
  }

  async #key(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }
}

/** More than a page has stops. */
const mostPresses = 150;

/** Of an element in the browser, what is asked of it here. */
interface InPage {
  readonly ownerDocument: { readonly activeElement: unknown };
  readonly tabIndex: number;
  matches(selector: string): boolean;
  closest(selector: string): { contains(other: unknown): boolean } | null;
}

interface ListInPage {
  readonly options: Iterable<{ readonly label: string }>;
  readonly selectedIndex: number;
}

/** The key that leads from what has the focus towards an element; none where it has the focus. */
function keyTowards(target: InPage): string {
  const at = target.ownerDocument.activeElement;
  if (at === target) return "";
  const isRadio = target.matches("[type=radio]");
  // What Tab passes by is reached with arrows, from another of the same widget.
  const widget = isRadio ? "fieldset" : target.tabIndex < 0 ? "[role=menu], [role=tablist], tbody" : "";
  const group = widget === "" ? null : target.closest(widget);
  if (group?.contains(at) !== true) return "Tab";
  return target.matches("[role=tab]") ? "ArrowRight" : "ArrowDown";
}

const isChoice = (target: InPage): boolean => target.matches("[type=radio], [type=checkbox]");

/** How many options an option is further down than the chosen one. */
function stepsTo(field: ListInPage, wanted: string): number {
  const at = [...field.options].findIndex(({ label }) => label === wanted);
  if (at === -1) throw new Error(`there is no option ${wanted}`);
  return at - field.selectedIndex;
}
