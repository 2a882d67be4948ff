import { randomBytes } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { models } from "../../src/sandbox/model.ts";
import { bearer } from "../support/gateway.ts";
import { eventually } from "../support/eventually.ts";
import { Console } from "./support.ts";

const [model] = models.map(({ id }) => id);

let it: Console;
beforeAll(async () => {
  it = await Console.start({
    sandbox: ["certificate"],
    // Nobody listens there: an endpoint that is down.
    settings: {
      endpoints: { down: { url: "https://127.0.0.1:9/v1", credentials: ["token"], models: ["down-model"] } },
    },
    items: { token: bearer(randomBytes(24).toString("base64url")) },
  });
});
afterAll(() => it[Symbol.asyncDispose]());

/** What a chat of the test's own asks for, and how the sandbox answers it. */
interface Chat {
  readonly sandbox?: string;
  readonly model?: string;
  readonly id?: string;
  readonly stream?: boolean;
}

/** Sends a chat; resolves with its answer's text, or with how it broke off. */
async function chat({ sandbox = "", id, stream = true, ...more }: Chat = {}): Promise<string> {
  const body = { model: more.model ?? model, stream, messages: [{ role: "user", content: "hello" }] };
  const answer = await fetch(`${it.gateway.base}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-sandbox": sandbox,
      ...(id !== undefined && { "x-request-id": id }),
    },
    body: JSON.stringify(stream ? { ...body, stream_options: { include_usage: true } } : body),
  });
  return answer.text().catch((error: unknown) => `broken: ${String(error)}`);
}

const rows = (page: Page, table: "Ended" | "In flight"): Locator =>
  page.getByRole("table", { name: table }).locator("tbody tr");
const live = (page: Page): Promise<void> => page.getByText("following").waitFor();
/** The pointer holds the rows that it is on. */
const pointAway = (page: Page): Promise<void> => page.mouse.move(0, 0);

test("before the first request, the page shows the line that sends one", async () => {
  await using fresh = await Console.start({ sandbox: ["certificate"] });
  const page = await fresh.browse({ path: "/live" });
  await page.getByText("No request yet").waitFor();
  const line = page.getByText(`curl ${fresh.gateway.base}/v1/models`);
  await line.waitFor();
  expect((await fetch(`${fresh.gateway.base}/v1/models`)).status).toBe(200);
  await rows(page, "Ended").first().waitFor();
  expect(await line.count()).toBe(0);
});

test("requests appear as they happen, and tell how they ended in people's words", async () => {
  const page = await it.browse({ path: "/live" });
  await chat();
  await live(page);
  const newest = rows(page, "Ended").first();
  await chat({ sandbox: "delay=30ms,pace=2ms,length=20" });
  await eventually(async () => expect(await newest.innerText()).toMatch(/tok\/s/));
  const text = await newest.innerText();
  expect(text).toContain("private");
  expect(text).toContain(model);
  expect(text).toMatch(/\b200\b/);
  expect(text).toMatch(/\d ms/);
  expect(text).toContain("done");
  const ways = [
    [{ model: "down-model" }, "endpoint not reachable"],
    [{ model: "nobody's" }, "refused: unknown model"],
    [{ sandbox: "fail=503" }, "endpoint answered 503"],
    [{ sandbox: "break-after=2" }, "endpoint broke off midway"],
  ] as const;
  for (const [asked, words] of ways) {
    await chat(asked);
    await eventually(async () => expect(await newest.innerText()).toContain(words));
  }
});

test("the filters leave what they name, by endpoint, by a part of the model, and errors alone", async () => {
  await chat();
  await chat({ sandbox: "fail=500" });
  await chat({ model: "down-model" });
  const page = await it.browse({ path: "/live" });
  await page.getByLabel("Endpoint", { exact: true }).selectOption("down");
  await eventually(async () => {
    const texts = await rows(page, "Ended").allInnerTexts();
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).toContain("down-model");
  });
  await page.getByLabel("Endpoint", { exact: true }).selectOption("");
  await page.getByLabel("Model", { exact: true }).fill("LLAMA");
  await page.getByLabel("Outcome", { exact: true }).selectOption("errors");
  await eventually(async () => {
    const texts = await rows(page, "Ended").allInnerTexts();
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) {
      expect(text).toContain(model);
      expect(text).not.toContain("done");
    }
  });
  await page.getByLabel("Model", { exact: true }).fill("no such");
  await page.getByText("None of the last requests fits the filter.").waitFor();
});

test("while it is paused no row moves, and it says how many have come", async () => {
  await chat();
  const page = await it.browse({ path: "/live" });
  await rows(page, "Ended").first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const before = await rows(page, "Ended").allInnerTexts();
  for (let count = 0; count < 3; count += 1) await chat();
  await page.getByText("3 more since the pause").waitFor();
  expect(await rows(page, "Ended").allInnerTexts()).toEqual(before);
  await page.getByRole("button", { name: "Resume" }).click();
  await eventually(async () => expect((await rows(page, "Ended").allInnerTexts()).slice(3)).toEqual(before));
});

test("a row under the pointer or with the focus stays where it is", async () => {
  await chat();
  const page = await it.browse({ path: "/live" });
  const first = rows(page, "Ended").first();
  await first.waitFor();
  for (const look of [() => first.hover(), () => first.getByRole("button").focus()]) {
    await look();
    const before = await first.innerText();
    await chat();
    await page.getByText("1 more while you look").waitFor();
    expect(await first.innerText()).toBe(before);
    await page.getByRole("button", { name: "Pause" }).focus();
    await pointAway(page);
    await page.getByText("1 more while you look").waitFor({ state: "detached" });
  }
});

test("a stream in flight is listed with its progress, and Stop breaks it off", async () => {
  const page = await it.browse({ path: "/live" });
  await live(page);
  const answer = chat({ sandbox: "pace=50ms,length=5000" });
  const row = rows(page, "In flight").first();
  const size = async (): Promise<string> => (await row.locator("[data-label='So far']").innerText()).trim();
  await row.waitFor();
  const before = await size();
  await eventually(async () => expect(await size()).not.toBe(before));
  await row.getByRole("button", { name: "Stop" }).click();
  await page.getByText("The request was stopped.").waitFor();
  expect(await answer).toMatch(/^broken/);
  await pointAway(page);
  await eventually(async () =>
    expect(await rows(page, "Ended").first().innerText()).toContain("stopped here"),
  );
});

test("by keyboard alone a row opens its timeline, and closing it leads back to the row", async () => {
  await chat({ id: "the-first" });
  await chat({ sandbox: "delay=50ms,pace=5ms,length=10", id: "the-second" });
  await chat({ id: "the-third" });
  const page = await it.browse({ path: "/live" });
  await rows(page, "Ended").nth(2).waitFor();
  await page.getByLabel("Outcome", { exact: true }).focus();
  const isRow = "document.activeElement.closest('table')?.getAttribute('aria-label') === 'Ended'";
  await eventually(async () => {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(isRow)).toBe(true);
  });
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "POST /chat/completions" });
  const text = await dialog.innerText();
  for (const phase of ["connecting", "waiting for the answer", "waiting for the first token", "streaming"])
    expect(text).toContain(phase);
  expect(text).toContain("the-second");
  await dialog.getByRole("button", { name: "Copy the request id" }).click();
  await eventually(async () =>
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("the-second"),
  );
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await page.evaluate(isRow)).toBe(true);
});

test("a page out of sight follows nothing, and is up to date when it is seen again", async () => {
  const page = await it.browse({ path: "/live" });
  await live(page);
  const show = (state: "visible" | "hidden"): Promise<unknown> =>
    page.evaluate(
      `Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });` +
        `document.dispatchEvent(new Event("visibilitychange"))`,
    );
  const closed = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/live"));
  await show("hidden");
  await closed;
  await chat({ model: "while-hidden" });
  await show("visible");
  await live(page);
  await eventually(async () =>
    expect(await rows(page, "Ended").first().innerText()).toContain("refused: unknown model"),
  );
});

test("a connection that breaks comes back by itself, with what was missed", async () => {
  const page = await it.browse({ path: "/live" });
  await live(page);
  await page.context().setOffline(true);
  await page.getByText("connecting", { exact: true }).waitFor();
  await chat({ sandbox: "fail=418" });
  await page.context().setOffline(false);
  await live(page);
  await eventually(async () =>
    expect(await rows(page, "Ended").first().innerText()).toContain("endpoint answered 418"),
  );
  // What the browser says of the time without a connection is as it should be.
  expect(it.complaints.every((complaint) => complaint.includes("ERR_INTERNET_DISCONNECTED"))).toBe(true);
  it.complaints.length = 0;
});

test("each chart is read by keyboard, as a sentence and as a table", async () => {
  await chat({ sandbox: "delay=20ms,pace=2ms,length=20" });
  await chat({ sandbox: "fail=500" });
  const page = await it.browse({ path: "/live" });
  const titles = [
    "Requests per second",
    "Time to first token",
    "Output tokens per second",
    "Errors by outcome",
  ] as const;
  for (const title of titles) {
    const chart = page.getByRole("figure").filter({ has: page.getByRole("heading", { name: title }) });
    // What ends now shows when its ten seconds are over.
    await eventually(
      async () => expect(await chart.locator("figcaption p").innerText()).not.toMatch(/^no|at most 0\/s/),
      60_000,
    );
    const slider = chart.getByRole("slider");
    await slider.focus();
    await page.keyboard.press("ArrowLeft");
    expect(await slider.getAttribute("aria-valuetext")).toMatch(/^\d\d:\d\d:\d\d: \w+/);
    await chart.getByText("Figures as a table").press("Enter");
    await eventually(async () => expect(await chart.getByRole("row").count()).toBeGreaterThan(1));
  }
});
