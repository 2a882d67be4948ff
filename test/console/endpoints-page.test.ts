import { execFile } from "node:child_process";
import { readFileSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { models } from "../../src/sandbox/model.ts";
import { bearer, certificate, type Gateway } from "../support/gateway.ts";
import { makePki, whileValid } from "../support/pki.ts";
import { violations } from "./axe-tour.ts";
import { Console } from "./support.ts";

const run = promisify(execFile);
const canary = "canary-endpoints-page-5b1c";
const [chatModel = ""] = models.map(({ id }) => id);

const fileOf = ({ gateway }: Console): string => readFileSync(gateway.file, "utf8");
const field = (page: Page, name: string): Locator => page.getByRole("textbox", { name });
const card = (page: Page, name: string): Locator => page.getByRole("region", { name });
const dialog = (page: Page): Locator => page.getByRole("dialog");
const choose = async (page: Page, name: string, action: string): Promise<void> => {
  await page.getByRole("button", { name: `More for ${name}` }).click();
  await page.getByRole("menuitem", { name: action }).click();
};

test("where there is nothing yet, the page says what to do first", async () => {
  await using console = await Console.start();
  const page = await console.browse({ path: "/endpoints" });
  await page.getByText("No endpoint yet").waitFor();
  await page.getByRole("main").getByRole("link", { name: "vault" }).click();
  await page.waitForURL("**/vault");
  await page.getByRole("button", { name: "Add Vault Item" }).waitFor();
});

test("an endpoint is added, tested step by step, and named by the models that were found", async () => {
  await using console = await Console.start({ sandbox: ["certificate", "bearer-token"] });
  const { url = "", ca = "" } = console.sandbox ?? {};
  const page = await console.browse({ path: "/endpoints" });
  await page.getByRole("button", { name: "Add Endpoint" }).click();
  await field(page, "Name").fill("fresh");
  await field(page, "URL").fill(url.replace("https://", ""));
  await page.getByText(`Used as ${url}`).waitFor();
  await page.getByRole("checkbox", { name: /^gen-cert/ }).check();
  await page.getByRole("checkbox", { name: /^private-token/ }).check();
  await field(page, "CA file").fill(ca);
  await dialog(page).getByRole("button", { name: "Add Endpoint" }).click();
  await page.getByText("Added fresh.").waitFor();
  await card(page, "fresh").getByText("ready", { exact: true }).waitFor();
  expect(fileOf(console)).toContain("credentials: [gen-cert, private-token]");

  await page.getByRole("button", { name: "Test fresh" }).click();
  await page.getByText('The endpoint "fresh" is ready.').waitFor();
  expect(await dialog(page).getByRole("listitem").locator(".unseen").allTextContents()).toEqual(
    Array.from({ length: 5 }, () => "passed"),
  );
  await page.getByRole("button", { name: "Use these models" }).click();
  await page.getByText(/is now found by/).waitFor();
  expect(fileOf(console)).toContain(`models: [${models.map(({ id }) => id).join(", ")}]`);
  await page.keyboard.press("Escape");
  await card(page, "fresh").getByText(chatModel).waitFor();
});

test("a wrong url is said beside its field while it is typed, and nothing is written", async () => {
  await using console = await Console.start({ items: { token: bearer(canary) } });
  const before = fileOf(console);
  const page = await console.browse({ path: "/endpoints" });
  await page.getByRole("button", { name: "Add Endpoint" }).click();
  expect(await dialog(page).getByRole("alert").count()).toBe(0);
  await field(page, "Name").fill("My endpoint");
  await page.getByText(/cannot name an endpoint/).waitFor();
  for (const [typed, said] of [
    ["http://a.example.test/v1", /in clear.*Write https/s],
    ["a.example.test/v1/chat/completions", /Write https:\/\/a\.example\.test\/v1/],
    ["user:word@a.example.test", /user name or password/],
    ["ftp://a.example.test", /wanted https:/],
  ] as const) {
    await field(page, "URL").fill(typed);
    await dialog(page).getByText(said).waitFor();
  }
  await dialog(page).getByRole("button", { name: "Add Endpoint" }).click();
  await dialog(page).getByText("Choose at least one.").waitFor();
  await page.locator("[aria-invalid=true]:focus").waitFor();
  expect(fileOf(console)).toBe(before);
});

test("a test with a certificate that the endpoint does not trust says so in one sentence", async () => {
  const pki = await makePki();
  await using console = await Console.start({
    sandbox: ["certificate"],
    items: { "gen-cert": certificate(pki.foreign) },
  });
  const page = await console.browse({ path: "/endpoints" });
  await page.getByRole("button", { name: "Test private" }).click();
  await dialog(page)
    .getByText(/The endpoint "private" is not ready: .*"gen-cert"/)
    .waitFor();
  await dialog(page)
    .getByText(/its CA was given to this deployment/)
    .waitFor();
  expect(
    await dialog(page).getByRole("listitem").filter({ hasText: "Client certificate" }).textContent(),
  ).toContain("failed");
  await page.getByRole("button", { name: "Test again" }).click();
  await dialog(page)
    .getByText(/is not ready/)
    .waitFor();
});

const written = (endpoint: string): string => `listen: [127.0.0.1:0]
admin: 127.0.0.1:0
endpoints:
  private: # in the cellar
    url: ${endpoint} # its host
    credentials: [token]
    listen: [127.0.0.1:0] # for one application
    timeouts: { first-byte: 15m, idle: 0 } # it sleeps
    probe:
      path: /health # of its origin
      every: 30s
    cache: {} # small
`;

/** A gateway with one endpoint in a file that was written by hand, and the rest of that file. */
async function startWritten(more = ""): Promise<Console> {
  const url = "https://private.example.test/v1";
  const console = await Console.start({
    settings: { endpoints: { private: { url, credentials: ["token"] } } },
    items: { token: bearer(canary), other: bearer(`${canary}-other`) },
  });
  console.gateway.write(written(url) + more);
  expect((await console.api("POST", "/configuration/reload")).status).toBe(200);
  return console;
}

test("an edit keeps the comments, and what the form does not know", async () => {
  await using console = await startWritten();
  const page = await console.browse({ path: "/endpoints" });
  await choose(page, "private", "Edit");
  await dialog(page).getByText("Stays as the file has it: listen.").waitFor();
  await field(page, "URL").fill("other.example.test/v1");
  await field(page, "Models").fill("m/x\nm/y");
  await field(page, "Aliases").fill("small = m/x\nsmall = m/y");
  await dialog(page)
    .getByText(/"small" stands here twice/)
    .waitFor();
  await field(page, "Aliases").fill("small = m/x");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Changed private.").waitFor();
  expect(fileOf(console)).toBe(
    `${written("other.example.test/v1")}    models: [m/x, m/y]\n    aliases:\n      small: m/x\n`,
  );
});

test("timeouts, probe and cache are changed under More, checked while they are typed, and nothing else of them", async () => {
  await using console = await startWritten();
  const page = await console.browse({ path: "/endpoints" });
  await choose(page, "private", "Edit");
  expect(await field(page, "To connect").isVisible()).toBe(false);
  await page.getByText("More", { exact: true }).click();
  expect(await field(page, "To the first byte").inputValue()).toBe("15m");
  expect(await field(page, "Of silence").inputValue()).toBe("0");
  expect(await field(page, "Path").inputValue()).toBe("/health");
  await field(page, "To connect").fill("5");
  const group = (name: string): Locator => dialog(page).getByRole("group", { name });
  const fault = group("Timeouts").getByRole("alert");
  await fault.filter({ hasText: "Found the bare number 5" }).waitFor();
  expect(await violations(page, "dialog")).toEqual([]);
  // What is wrong stays in sight.
  await page.getByText("More", { exact: true }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await group("Timeouts").locator("input:focus").waitFor();
  await field(page, "To connect").fill("5s");
  await fault.waitFor({ state: "detached" });
  await field(page, "Asked every").fill("");
  await group("Cache").getByRole("checkbox", { name: "Shared by all local keys" }).check();
  await field(page, "Kept for").fill("2h");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Changed private.").waitFor();
  expect(fileOf(console)).toBe(
    written("https://private.example.test/v1")
      .replace("{ first-byte: 15m, idle: 0 }", "{first-byte: 15m, idle: 0, connect: 5s}")
      .replace("      every: 30s\n", "")
      .replace("cache: {}", "cache: {shared: true, ttl: 2h}"),
  );
});

test("what is emptied under More is taken out of the file", async () => {
  await using console = await startWritten();
  const page = await console.browse({ path: "/endpoints" });
  await choose(page, "private", "Edit");
  await page.getByText("More", { exact: true }).click();
  for (const name of ["To the first byte", "Of silence", "Path", "Asked every"])
    await field(page, name).fill("");
  await page.getByRole("checkbox", { name: "Keep answers" }).uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Changed private.").waitFor();
  expect(fileOf(console)).not.toMatch(/timeouts|probe|cache/);
});

test("whoever edits what somebody else has changed meanwhile is told so", async () => {
  await using console = await startWritten();
  const page = await console.browse({ path: "/endpoints" });
  await choose(page, "private", "Edit");
  await field(page, "Models").fill("m/x");
  const change = { endpoint: { url: "third.example.test" } };
  expect((await console.api("PUT", "/endpoints/private", change)).status).toBe(200);
  await page.getByRole("button", { name: "Save" }).click();
  await dialog(page)
    .getByText(/has changed since you looked at it/)
    .waitFor();
  expect(fileOf(console)).not.toContain("m/x");
});

test("a removal asks, says what will break, and then is done", async () => {
  await using console = await startWritten();
  const page = await console.browse({ path: "/endpoints" });
  await choose(page, "private", "Remove");
  await dialog(page).getByText(`${console.gateway.base}/private/v1`).waitFor();
  await dialog(page).getByRole("button", { name: "Cancel" }).click();
  expect(fileOf(console)).toContain("private:");
  await choose(page, "private", "Remove");
  await dialog(page).getByRole("button", { name: "Remove" }).click();
  await page.getByText("Removed private.").waitFor();
  await page.getByText("No endpoint yet").waitFor();
  expect(fileOf(console)).not.toContain("private:");
});

test("what else names an endpoint is said, and keeps it", async () => {
  await using console = await startWritten(
    `default-endpoint: private\nkeys: { editor: { hash: "sha256:${"0".repeat(64)}", endpoints: private } }\n`,
  );
  const page = await console.browse({ path: "/endpoints" });
  await choose(page, "private", "Remove");
  await dialog(page).getByText("keys.editor").waitFor();
  await dialog(page).getByText("default-endpoint").waitFor();
  expect(await dialog(page).getByRole("button", { name: "Remove" }).count()).toBe(0);
});

/** A local key, made as an application's owner does. */
async function madeKey(console: Console): Promise<string> {
  const { json, status } = await console.api("POST", "/keys", { name: "editor" });
  expect(status).toBe(201);
  return (json as { readonly key: string }).key;
}

/** The text of the tab that is open. */
const snippet = async (page: Page, tab: string): Promise<string> => {
  await page.getByRole("tab", { name: tab }).click();
  await page.getByRole("tabpanel").getByRole("button", { name: /^Copy/ }).first().click();
  return (await page.evaluate("navigator.clipboard.readText()")) as string;
};

test.each([false, true])("the snippets reach the endpoint as they are (local keys: %s)", async (demanded) => {
  await using console = await Console.start({ sandbox: ["certificate"] });
  const key = demanded ? await madeKey(console) : "";
  const page = await console.browse({ path: "/endpoints" });
  await page.getByRole("button", { name: "Use private" }).click();
  const filled = (code: string): string => code.replaceAll("YOUR_LOCAL_KEY", key);
  const byCurl = await run("sh", ["-c", filled(`${await snippet(page, "curl")} --no-progress-meter`)]);
  expect(JSON.parse(byCurl.stdout)).toMatchObject({ object: "chat.completion", model: chatModel });
  const program = filled(await snippet(page, "Node.js"));
  const byNode = await run(process.execPath, ["--input-type=module", "-e", program], {
    cwd: join(import.meta.dirname, "../.."),
  });
  expect(byNode.stdout.trim()).not.toBe("");
  expect(await snippet(page, "Python")).toContain(`base_url="${console.gateway.base}/private/v1"`);
  expect(await snippet(page, "Tools")).toContain(
    `export OPENAI_BASE_URL=${console.gateway.base}/private/v1\n`,
  );
  const tools = await page.getByRole("tabpanel").textContent();
  for (const said of [
    "OPENAI_API_BASE=",
    "OPENAI_API_BASE_URL=",
    `ANTHROPIC_BASE_URL=${console.gateway.base}/private\n`,
    'wire_api = "responses"',
    "apiBase:",
    "Cursor's own servers make the call",
  ])
    expect(tools).toContain(said);
});

/** Waits until the element with this name has the focus, pressing the key. */
async function goTo(page: Page, target: Locator, key = "Tab"): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    if (await target.evaluate((element) => element.matches(":focus"))) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${String(target)} cannot be reached by ${key}`);
}

test("an endpoint is added, tested, edited and removed by the keyboard alone", async () => {
  await using console = await Console.start({ sandbox: ["certificate"] });
  const { url = "", ca = "" } = console.sandbox ?? {};
  const at = await console.browse({ path: "/endpoints" });
  await card(at, "private").waitFor();
  await goTo(at, at.getByRole("button", { name: "Add Endpoint" }));
  await at.keyboard.press("Enter");
  await goTo(at, field(at, "Name"));
  await at.keyboard.type("typed");
  await goTo(at, field(at, "URL"));
  await at.keyboard.type(url);
  await goTo(at, at.getByRole("checkbox", { name: /^gen-cert/ }));
  await at.keyboard.press("Space");
  await goTo(at, field(at, "CA file"));
  await at.keyboard.type(ca);
  await at.keyboard.press("Enter");
  await at.getByText("Added typed.").waitFor();

  await goTo(at, at.getByRole("button", { name: "Test typed" }));
  await at.keyboard.press("Enter");
  await at.getByText('The endpoint "typed" is ready.').waitFor();
  await at.keyboard.press("Escape");

  await goTo(at, at.getByRole("button", { name: "More for typed" }));
  await at.keyboard.press("Enter");
  await goTo(at, at.getByRole("menuitem", { name: "Edit" }), "ArrowDown");
  await at.keyboard.press("Enter");
  await goTo(at, field(at, "Models"));
  await at.keyboard.type("typed-model");
  await goTo(at, dialog(at).getByRole("button", { name: "Save" }));
  await at.keyboard.press("Enter");
  await card(at, "typed").getByText("typed-model").waitFor();

  await goTo(at, at.getByRole("button", { name: "More for typed" }));
  await at.keyboard.press("Enter");
  await goTo(at, at.getByRole("menuitem", { name: "Remove" }), "ArrowDown");
  await at.keyboard.press("Enter");
  await goTo(at, dialog(at).getByRole("button", { name: "Remove" }));
  await at.keyboard.press("Enter");
  await at.getByText("Removed typed.").waitFor();
  await card(at, "typed").waitFor({ state: "detached" });
});

test("where the file cannot be written, the lines to put there are shown", async () => {
  await using console = await startWritten();
  const { file, folder } = console.gateway;
  // Beside a name of this length there is none for a temporary file; a folder's mode would not stop root.
  const long = folder.file("n".repeat(250));
  renameSync(file, long);
  symlinkSync(long, file);
  const page = await console.browse({ path: "/endpoints" });
  await choose(page, "private", "Edit");
  await field(page, "Models").fill("m/x");
  await page.getByRole("button", { name: "Save" }).click();
  await dialog(page).getByText("write these lines", { exact: false }).waitFor();
  await page.getByRole("button", { name: "Copy the lines" }).click();
  expect(await page.evaluate("navigator.clipboard.readText()")).toContain("    models: [m/x]");
});

test("an endpoint that refuses requests says why, with the way out", async () => {
  const pki = await makePki();
  await using console = await Console.start({
    settings: { endpoints: { late: { url: "https://late.example.test", credentials: ["cert"] } } },
    items: { cert: certificate(pki.expired, whileValid) },
  });
  const page = await console.browse({ path: "/endpoints" });
  await card(page, "late").getByText("refuses requests").waitFor();
  await card(page, "late")
    .getByText(/certificate "cert" .*expired/)
    .waitFor();
  await page.getByRole("button", { name: "Test late" }).click();
  await dialog(page)
    .getByText(/The endpoint "late" is not ready: .*expired/)
    .waitFor();
});

test("the card tells how the last request ended", async () => {
  await using console = await Console.start({ sandbox: ["certificate"] });
  const page = await console.browse({ path: "/endpoints" });
  await card(page, "private").getByText("none yet").waitFor();
  await ask(console.gateway);
  await card(page, "private").getByText("done", { exact: true }).waitFor();
});

const ask = async ({ base }: Gateway): Promise<void> => {
  expect((await fetch(`${base}/private/v1/models`)).status).toBe(200);
};
