import type { Locator, Page } from "playwright-core";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";

/** The vault's page, as somebody uses it who looks for words and not for ids. */
export class VaultPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get dialog(): Locator {
    return this.page.getByRole("dialog");
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  field(name: string): Locator {
    return this.dialog.getByRole("textbox", { name, exact: true });
  }

  /** Waits until a field holds what the page itself writes there, as the name of a file once that was read. */
  async holds(field: string, text: string): Promise<void> {
    await eventually(async () => expect(await this.field(field).inputValue()).toBe(text));
  }

  row(name: string): Locator {
    return this.page.locator(`[data-item="${name}"]`);
  }

  /** Opens the dialog of an entry of the menu: "Bearer Tokens". */
  async open(plural: string): Promise<void> {
    await this.button("Add Vault Item").click();
    await this.page.getByRole("menuitem", { name: plural }).click();
    await this.dialog.waitFor();
  }

  async choose(way: string): Promise<void> {
    await this.dialog.getByRole("radio", { name: way }).check();
  }

  async add(): Promise<void> {
    await this.dialog.getByRole("button", { name: "Add to Vault" }).click();
  }

  /** Does an entry of a row's menu. */
  async more(item: string, entry: string): Promise<void> {
    await this.button(`More for ${item}`).click();
    await this.page.getByRole("menuitem", { name: entry }).click();
  }

  async remove(item: string): Promise<void> {
    await this.button(`Delete ${item}`).click();
    await this.dialog.getByRole("button", { name: /^Delete/ }).click();
    await this.row(item).waitFor({ state: "detached" });
  }

  /** The text of the file that `work` has the browser download, and its name. */
  async downloaded(work: () => Promise<void>): Promise<{ readonly name: string; readonly text: string }> {
    const [download] = await Promise.all([this.page.waitForEvent("download"), work()]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
  }

  /** Drops files onto the page, as a file manager does. */
  async drop(files: readonly { readonly name: string; readonly bytes: Buffer }[]): Promise<void> {
    const given = files.map(({ name, bytes }) => ({ name, base64: bytes.toString("base64") }));
    await this.page.evaluate(
      `(() => {
        const carried = new DataTransfer();
        for (const { name, base64 } of ${JSON.stringify(given)})
          carried.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
        for (const type of ["dragover", "drop"])
          document.body.dispatchEvent(
            new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }),
          );
      })()`,
    );
  }
}
