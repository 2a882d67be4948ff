import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import type { ItemInput } from "../support/gateway.ts";
import type { Exchange } from "../support/upstream.ts";
import { chunk, eventStream, finish } from "./chat-chunks.ts";
import { ask, type ChatStage, openPlayground, startChatStage } from "./chat-stage.ts";
import { corpus } from "./corpus.ts";

/** What a page must never have got from text: looked for after each step, in the browser. */
const traces = `({
  ran: globalThis.ran ?? null,
  reports: globalThis.reports,
  cookies: document.cookie,
  polluted: ({}).ran ?? null,
  foreign: [...document.querySelectorAll(
    "script:not([src^='/assets/']), iframe, object, embed, base, frame, portal, template, img:not([src^='/assets/'], [src^='data:image/']), " +
    "video, audio, marquee, math, style, link[rel=stylesheet]:not([href^='/assets/']), meta[http-equiv], svg script, svg a, svg use, form[action], [formaction]"
  )].map((element) => element.outerHTML.slice(0, 200)),
  handlers: [...document.querySelectorAll("*")].flatMap((element) =>
    element.getAttributeNames().filter((name) => name.startsWith("on") || name === "srcdoc")),
  addresses: [...document.querySelectorAll("[href], [src]")]
    .map((element) => element.getAttribute("href") ?? element.getAttribute("src"))
    .filter((address) => !/^(?:https?:|mailto:|\\/(?!\\/)|#|data:image\\/)/.test(address)),
  opened: [...document.querySelectorAll("a[href^='http']")].filter((link) =>
    link.target === "_blank" && !/noopener/.test(link.rel)).length,
})`;

const clean = {
  ran: null,
  reports: [],
  cookies: "",
  polluted: null,
  foreign: [],
  handlers: [],
  addresses: [],
  opened: 0,
};

const expectClean = async (page: Page): Promise<void> => expect(await page.evaluate(traces)).toEqual(clean);

/** A playground that keeps an account of what would have run. */
async function watched(stage: ChatStage): Promise<{ readonly page: Page; readonly opened: string[] }> {
  const page = await openPlayground(stage.console);
  const opened: string[] = [];
  page.on("dialog", (dialog) => {
    opened.push(dialog.message());
    void dialog.dismiss();
  });
  page.context().on("page", (other) => opened.push(other.url()));
  await page.context().addInitScript(`
    globalThis.reports = [];
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      reports.push(violatedDirective + " " + blockedURI));
  `);
  await page.reload();
  await eventually(async () => expect(await page.getByLabel("Model").inputValue()).not.toBe(""));
  return { page, opened };
}

/** As a field and a request hold it: what a person types has no other line breaks, and nothing around it. */
const typed = (text: string): string => text.replaceAll(/\r\n?/g, "\n").trim();

/** A header's value can hold this of it. */
const headerText = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 500);

test("the corpus has its hundred strings, and none twice", () => {
  expect(corpus.length).toBeGreaterThan(100);
  expect(new Set(corpus).size).toBe(corpus.length);
});

test("in questions, answers, thoughts and the headers of an endpoint nothing runs, and all is shown", async () => {
  await using it = await startChatStage();
  const { page, opened } = await watched(it);
  for (const text of corpus) {
    const arrives = it.chat();
    await page.getByLabel("Model").fill(typed(text).replaceAll("\n", " ") || "m");
    await ask(page, text);
    await answerWith(await arrives, text);
    const last = page.locator(".exchange").last();
    await last.locator(".figures").waitFor({ state: "attached" });
    // Its words for those who listen come first.
    expect(await last.locator(".question").textContent()).toBe(`You: ${typed(text)}`);
    expect(await last.locator(".thoughts > p").textContent()).toBe(text);
    const code = (await last.locator(".markdown pre").first().textContent()) ?? "";
    expect(sameBreaks(code).trimEnd()).toBe(sameBreaks(text).trimEnd());
    await expectClean(page);
    await page.getByRole("button", { name: "Clear the conversation" }).click();
  }
  expect(opened).toEqual([]);
});

test("in the errors of an endpoint nothing runs, and all is shown", async () => {
  await using it = await startChatStage();
  const { page, opened } = await watched(it);
  for (const [index, text] of corpus.entries()) {
    const arrives = it.chat();
    await ask(page, "Refuse");
    const exchange = await arrives;
    await exchange.body;
    const said =
      index % 2 === 0 ? JSON.stringify({ error: { message: text, code: text, type: text } }) : text;
    const body = Buffer.from(said);
    await exchange.write(
      `HTTP/1.1 418 ${headerText(text)}\r\nContent-Type: ${index % 2 === 0 ? "application/json" : "text/html"}\r\nX-Request-Id: ${headerText(text)}\r\nX-Postern-Ran: ${headerText(text)}\r\nSet-Cookie: ran=1\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    await exchange.write(body);
    const trouble = page.locator(".exchange").last().locator(".trouble");
    await trouble.waitFor();
    const shown = (await trouble.textContent()) ?? "";
    expect(shown.trim()).toBe((index % 2 === 0 ? text : text.trim()).slice(0, 2000).trim());
    await expectClean(page);
    await page.getByRole("button", { name: "Clear the conversation" }).click();
  }
  expect(opened).toEqual([]);
});

test("in models, aliases, facts of items and requests nothing runs on any page", async () => {
  // The configuration takes no control characters, and not this name.
  const planted = corpus.filter(
    (text) => text.trim() === text && !/[\p{Cc}\u2028\u2029]/u.test(text) && text !== "__proto__",
  );
  const items = Object.fromEntries(
    planted
      .filter((text) => text.length < 200 && !text.includes(":"))
      .map((username, index): [string, ItemInput] => [
        `item-${index}`,
        {
          kind: "registry-credentials",
          value: "canary-registry-e83b5f2a9c6d1704",
          facts: { registry: "registry.test", username },
        },
      ]),
  );
  await using it = await startChatStage({
    items,
    endpoint: {
      models: planted,
      aliases: Object.fromEntries(planted.map((text) => [`as ${text}`, text])),
    },
  });
  it.upstream.answer = async (exchange) => {
    await exchange.body;
    if (exchange.target.endsWith("/models"))
      await exchange.json({ object: "list", data: corpus.map((id) => ({ id })) });
    else await exchange.json({ error: { message: "no" } }, "404 Not Found");
  };
  const { page, opened } = await watched(it);
  for (const [path, shown] of [
    ["/vault", page.getByText("item-0").first()],
    ["/endpoints", page.locator("main").getByText("private").first()],
    ["/settings", page.locator("main").getByText("postern.yaml").first()],
    ["/playground", page.locator("main option").nth(100)],
  ] as const) {
    await page.goto(`${it.console.url}${path}`);
    await shown.waitFor({ state: "attached" });
    await expectClean(page);
  }
  // Live has one request with each of them for its model.
  await page.goto(`${it.console.url}/live`);
  await page.getByRole("heading", { level: 1, name: "Live" }).waitFor();
  for (const model of corpus)
    await it.console.gateway.ask({
      target: "/private/v1/chat/completions",
      headers: ["Content-Type: application/json", `User-Agent: ${headerText(model)}`],
      body: JSON.stringify({ model, messages: [] }),
    });
  const newest = corpus.at(-1) ?? "";
  await page.locator("main").getByText(newest, { exact: true }).first().waitFor();
  await expectClean(page);
  expect(opened).toEqual([]);
});

/** Says the text in every way in which an endpoint can say something. */
async function answerWith(exchange: Exchange, text: string): Promise<void> {
  await exchange.body;
  const head = eventStream.replace(
    "\r\n\r\n",
    `\r\nX-Request-Id: ${headerText(text)}\r\nX-Postern-Ran: ${headerText(text)}\r\n\r\n`,
  );
  // In pieces that end anywhere, as tokens do.
  const pieces = text.match(/[\s\S]{1,37}/gu) ?? [];
  await exchange.write(head + chunk({ role: text, reasoning_content: text }));
  await exchange.write(chunk({ content: `${fence}\n${text}\n${fence}\n\n` }));
  for (const piece of pieces) await exchange.write(chunk({ content: piece }));
  await exchange.write(finish);
  exchange.socket.end();
}

/** Longer than any fence of the corpus. */
const fence = "~~~~~~~~";

/** Line breaks are all that may differ in a block of code, and the last of them. */
const sameBreaks = (text: string): string => text.replaceAll(/\r\n?/g, "\n");
