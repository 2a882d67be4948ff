import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { bearer } from "../support/gateway.ts";
import { Console } from "./support.ts";
import { VaultPage } from "./vault-page.ts";

let it: Console;
beforeAll(async () => {
  it = await Console.start({
    sandbox: ["certificate"],
    items: {
      taken: bearer("a-token-of-tests"),
      "token-2": bearer("another-token-of-tests"),
      "token-10": bearer("a-third-token-of-tests"),
    },
  });
});
afterAll(() => it[Symbol.asyncDispose]());

test.each(["audit", "about"])(
  "on a narrow window the tab %s that an address names is in sight",
  async (tab) => {
    const page = await it.browse({ width: 360, path: `/settings?tab=${tab}` });
    const selected = page.getByRole("tab", { selected: true });
    await selected.waitFor();
    const box = await selected.boundingBox();
    expect(box?.x).toBeGreaterThanOrEqual(0);
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
  },
);

describe("in the vault", () => {
  test("what was said against one way to add an item is gone with the choice of another", async () => {
    const vault = new VaultPage(await it.browse({ path: "/vault" }));
    await vault.open("Certificates");
    await vault.choose("Use an existing Certificate");
    await vault.field("Certificate Name").fill("new");
    await vault.field("Certificate (.pem)").fill("no certificate");
    await vault.add();
    await vault.dialog.getByRole("alert").waitFor();
    await vault.choose("Request a Certificate");
    await vault.dialog.getByLabel("Subject").waitFor();
    expect(await vault.dialog.getByRole("alert").count()).toBe(0);
  });

  test("the way out of a name that is taken lies on the page, and is no command", async () => {
    const vault = new VaultPage(await it.browse({ path: "/vault" }));
    await vault.open("Bearer Tokens");
    await vault.field("Bearer Token Name").fill("taken");
    await vault.add();
    const said = await vault.dialog.getByRole("alert").textContent();
    expect(said).toContain("Choose another name, or rename or delete that one first.");
    expect(said).not.toContain("postern vault");
  });

  test("items are ordered as people count", async () => {
    const page = await it.browse({ path: "/vault" });
    await page.locator("[data-item=token-10]").waitFor();
    const names = await page.locator("[data-item^=token-]").locator("strong").allTextContents();
    expect(names).toEqual(["token-2", "token-10"]);
  });
});

test("in the playground Enter sends nothing before it is known which model is asked", async () => {
  const page = await it.browse();
  let known = (): void => {};
  const waits = new Promise<void>((resolve) => (known = resolve));
  await page.route("**/api/v1/endpoints", async (route) => {
    await waits;
    await route.continue();
  });
  await page.goto(`${it.url}/playground`);
  const message = page.getByRole("textbox", { name: "Message" });
  await message.fill("Too early?");
  await message.press("Enter");
  expect(await message.inputValue()).toBe("Too early?");
  known();
  await page.getByRole("button", { name: "Send" }).and(page.locator(":enabled")).waitFor();
  await message.press("Enter");
  await page.getByText("First token").waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("a gateway that is away is said once, and what is on the page stays", async () => {
  const page = await it.browse({ path: "/vault" });
  await page.locator("[data-item=taken]").waitFor();
  await page.context().setOffline(true);
  await page.getByText("The gateway does not answer").waitFor();
  await page.getByRole("link", { name: "Endpoints" }).click();
  await page.getByRole("heading", { level: 1, name: "Endpoints" }).waitFor();
  expect(await page.getByText("does not answer").count()).toBe(1);
  await page.context().setOffline(false);
  await page.getByRole("heading", { level: 2, name: "private" }).waitFor();
  expect(it.complaints.splice(0).every((text) => text.includes("ERR_INTERNET_DISCONNECTED"))).toBe(true);
});
