import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hashOf, makeKeys } from "../gateway/local-keys.ts";
import { eventually } from "../support/eventually.ts";
import { ask, askedIn, type ChatStage, message, openPlayground, startChatStage } from "./chat-stage.ts";
import { chunk, eventStream, finish } from "./chat-chunks.ts";

const token = "canary-bearer-7f3a91c2e5d84b06";

describe.each([
  ["one process", {}],
  ["two workers and local keys", { workers: 2, keys: { app: { hash: hashOf(makeKeys("app").app) } } }],
])("with %s", (_name, settings) => {
  test("an answer comes through the client certificate, piece by piece, and is measured", async () => {
    await using it = await startChatStage({ settings });
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Say something");
    const exchange = await arrives;
    expect(exchange.certificate).toBe("client.gen-cert.test");
    expect(await askedIn(exchange)).toMatchObject({
      model: "test-model",
      messages: [{ role: "user", content: "Say something" }],
    });
    await page.getByText("Waiting for the first word").waitFor();
    await exchange.write(`${eventStream}${chunk({ role: "assistant", content: "It **co" })}`);
    await page.getByText("It **co").waitFor();
    await exchange.write(`${chunk({ content: "mes**." })}${finish}`);
    exchange.socket.end();
    await page.locator(".markdown strong", { hasText: "comes" }).waitFor();
    const figures = page.locator(".figures");
    await figures.waitFor();
    for (const part of ["First token", "In12 tokens", "Out34 tokens", "Total"])
      expect(await figures.textContent()).toContain(part);
    const id = await eventually(() => {
      const line = it.console.gateway.requests().find(({ method }) => method === "POST");
      if (line === undefined) throw new Error("it has not ended");
      return String(line["requestId"]);
    });
    const link = page.getByRole("link", { name: id.slice(0, 8) });
    await link.click();
    await page.getByRole("dialog").getByText(id).waitFor();
  });
});

describe("a chat", () => {
  let it: ChatStage;
  beforeAll(async () => {
    it = await startChatStage({
      settings: {
        endpoints: { gone: { url: "http://127.0.0.1:1/v1", credentials: ["token"], models: ["gone-model"] } },
      },
      items: { token: { kind: "bearer-token", value: token } },
    });
  });
  afterAll(() => it[Symbol.asyncDispose]());

  const whole = async (exchange: Awaited<ReturnType<ChatStage["chat"]>>, text: string): Promise<void> => {
    await exchange.body;
    await exchange.write(`${eventStream}${chunk({ content: text })}${finish}`);
    exchange.socket.end();
  };

  test("that is stopped ends at the endpoint, and keeps what had come", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Go on for ever");
    const exchange = await arrives;
    await exchange.write(`${eventStream}${chunk({ content: "half of it" })}`);
    await page.getByText("half of it").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await exchange.closed;
    await page.getByText("You stopped it here.").waitFor();
    expect(await page.getByText("half of it").isVisible()).toBe(true);
    await page.context().close();
  });

  test("whose page is left ends at the endpoint", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Go on for ever");
    const exchange = await arrives;
    await exchange.write(`${eventStream}${chunk({ content: "half of it" })}`);
    await page.context().close();
    await exchange.closed;
  });

  test("that breaks off keeps what had come, and says so", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Break");
    const exchange = await arrives;
    await exchange.write(`${eventStream}${chunk({ content: "half of it" })}`);
    await page.getByText("half of it").waitFor();
    exchange.reset();
    await page.getByRole("alert").filter({ hasText: "The answer broke off" }).waitFor();
    expect(await page.getByText("half of it").isVisible()).toBe(true);
    await page.context().close();
  });

  test("that ends without its last words is not taken for whole", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "End early");
    const exchange = await arrives;
    await exchange.body;
    const body = chunk({ content: "half of it" });
    await exchange.write(
      `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await page.getByRole("alert").filter({ hasText: "The answer broke off" }).waitFor();
    await page.context().close();
  });

  test.each([
    ["plain text", "text/plain", "no healthy upstream", "no healthy upstream"],
    ["OpenAI's form", "application/json", '{"error":{"message":"too many requests"}}', "too many requests"],
    ["a string for an error", "application/json", '{"error":"limit reached"}', "limit reached"],
    ["a detail", "application/json", '{"detail":"not found here"}', "not found here"],
  ])("that the endpoint refuses with %s shows its words and its status", async (_name, type, body, words) => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Refuse");
    const exchange = await arrives;
    await exchange.body;
    await exchange.write(
      `HTTP/1.1 503 Busy\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const notice = page.getByRole("alert").filter({ hasText: "The endpoint answered with status 503" });
    await notice.waitFor();
    expect(await notice.textContent()).toContain(words);
    await page.context().close();
  });

  test("that the endpoint does not let in leaves the console open", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Who am I?");
    await (await arrives).json({ error: { message: "who are you?" } }, "401 Unauthorized");
    await page.getByText("The endpoint answered with status 401").waitFor();
    const next = it.chat();
    await ask(page, "And now?");
    await whole(await next, "welcome");
    await page.getByText("welcome").waitFor();
    await page.context().close();
  });

  test("that cannot reach its endpoint says what is wrong and the way out", async () => {
    const page = await openPlayground(it.console);
    await page.getByLabel("Endpoint").selectOption("gone");
    expect(await page.getByLabel("Model").inputValue()).toBe("gone-model");
    await ask(page, "Is anybody there?");
    const notice = page.getByRole("alert").filter({ hasText: "The request was refused" });
    await notice.waitFor();
    expect(await notice.textContent()).toContain('The endpoint "gone" cannot be reached');
    expect(await notice.textContent()).toContain("Check that the deployment runs");
    await page.context().close();
  });

  test("is sent with its system prompt and the parameters that are right", async () => {
    const page = await openPlayground(it.console);
    await page.getByLabel("System prompt").fill("Be brief.");
    await page.getByLabel("Temperature").fill("0,5");
    await page.getByLabel("Most tokens").fill("many");
    await page.getByText("Wanted: a whole number from 1.").waitFor();
    await page.getByLabel("Stop at").fill("END\n\nSTOP");
    const arrives = it.chat();
    await ask(page, "Hello");
    const exchange = await arrives;
    const asked = await askedIn(exchange);
    expect(asked).toMatchObject({
      temperature: 0.5,
      stop: ["END", "STOP"],
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
      ],
    });
    expect(asked).not.toHaveProperty("max_tokens");
    await whole(exchange, "Hi.");
    await page.getByText("Hi.").waitFor();
    await page.context().close();
  });

  test("can be asked again, and its last question changed; nothing of it is sent twice", async () => {
    const page = await openPlayground(it.console);
    const first = it.chat();
    await ask(page, "one");
    await whole(await first, "first answer");
    await page.getByText("first answer").waitFor();
    const second = it.chat();
    await page.getByRole("button", { name: "Ask again" }).click();
    const again = await second;
    expect((await askedIn(again))["messages"]).toEqual([{ role: "user", content: "one" }]);
    await whole(again, "second answer");
    await page.getByText("second answer").waitFor();
    expect(await page.getByText("first answer").count()).toBe(0);
    await page.getByRole("button", { name: "Edit the question" }).click();
    expect(await message(page).inputValue()).toBe("one");
    const third = it.chat();
    await ask(page, "two");
    await whole(await third, "third answer");
    await page.getByText("third answer").waitFor();
    const fourth = it.chat();
    await ask(page, "three");
    const last = await fourth;
    expect((await askedIn(last))["messages"]).toEqual([
      { role: "user", content: "two" },
      { role: "assistant", content: "third answer" },
      { role: "user", content: "three" },
    ]);
    await whole(last, "fourth answer");
    await page.getByText("fourth answer").waitFor();
    await page.context().close();
  });

  test("stays while somebody looks at another page, and goes on coming", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Take your time");
    const exchange = await arrives;
    await exchange.write(`${eventStream}${chunk({ content: "slow" })}`);
    await page.getByText("slow").waitFor();
    const pages = page.getByRole("navigation", { name: "Pages" });
    await pages.getByRole("link", { name: "Vault" }).click();
    await page.getByRole("heading", { level: 1, name: "Your Account" }).waitFor();
    await exchange.write(`${chunk({ content: " and steady" })}${finish}`);
    exchange.socket.end();
    await pages.getByRole("link", { name: "Playground" }).click();
    await page.getByText("slow and steady").waitFor();
    await page.locator(".figures").waitFor();
    await page.context().close();
  });

  test("shows what a model thinks folded, beside what it says", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "Think");
    const exchange = await arrives;
    await exchange.body;
    const thinking = chunk({ reasoning_content: "let me " }) + chunk({ reasoning: "see" });
    await exchange.write(`${eventStream}${thinking}${chunk({ content: "done" })}${finish}`);
    exchange.socket.end();
    await page.locator(".markdown", { hasText: "done" }).waitFor();
    expect(await page.getByText("let me see").isVisible()).toBe(false);
    await page.getByText("Thoughts").click();
    await page.getByText("let me see").waitFor();
    await page.context().close();
  });

  test("keeps what it has drawn while more comes, follows its end, and stays where somebody reads", async () => {
    const page = await openPlayground(it.console);
    const arrives = it.chat();
    await ask(page, "At length");
    const exchange = await arrives;
    const paragraphs = (from: number): string =>
      Array.from({ length: 40 }, (_, i) => chunk({ content: `paragraph ${from + i}\n\n` })).join("");
    await exchange.write(`${eventStream}${paragraphs(0)}`);
    await page.getByText("paragraph 39").waitFor();
    await page.evaluate("globalThis.kept = document.querySelector('.markdown p')");
    await exchange.write(paragraphs(40));
    await page.getByText("paragraph 79").waitFor();
    expect(await page.evaluate("globalThis.kept === document.querySelector('.markdown p')")).toBe(true);
    const fromEnd = (): Promise<number> =>
      page.locator(".transcript-scroll").evaluate((at) => at.scrollHeight - at.scrollTop - at.clientHeight);
    await eventually(async () => expect(await fromEnd()).toBeLessThan(2));
    await page.locator(".transcript-scroll").evaluate((at) => at.scrollTo(0, 100));
    await page.getByRole("button", { name: "To the end" }).waitFor();
    await exchange.write(`${paragraphs(80)}${finish}`);
    exchange.socket.end();
    await page.getByText("paragraph 119").waitFor({ state: "attached" });
    await page.locator(".figures").waitFor({ state: "attached" });
    expect(await page.locator(".transcript-scroll").evaluate((at) => at.scrollTop)).toBe(100);
    await page.getByRole("button", { name: "To the end" }).click();
    await eventually(async () => expect(await fromEnd()).toBeLessThan(2));
    await page.context().close();
  });

  test("is announced when it is complete, and not at every word", async () => {
    const page = await openPlayground(it.console);
    await page.evaluate(`
      globalThis.said = [];
      const status = document.querySelector(".transcript [role=status]");
      new MutationObserver(() => said.push(status.textContent)).observe(status, {
        childList: true, characterData: true, subtree: true,
      });
    `);
    const arrives = it.chat();
    await ask(page, "Speak");
    const exchange = await arrives;
    await exchange.write(`${eventStream}${chunk({ content: "one" })}`);
    await page.getByText("one", { exact: true }).waitFor();
    await exchange.write(`${chunk({ content: " two" })}${finish}`);
    exchange.socket.end();
    await page.locator(".figures").waitFor();
    expect(await page.evaluate("said.filter((text) => text !== '')")).toEqual(["The answer is complete."]);
    expect(
      await page.locator("[aria-live] .markdown, [role=log] .markdown, [role=status] .markdown").count(),
    ).toBe(0);
    await page.context().close();
  });

  test.each(["dark", "light"] as const)("breaks no rule of accessibility, %s", async (theme) => {
    const page = await openPlayground(it.console, { theme });
    await page.emulateMedia({ reducedMotion: "reduce" });
    const rich =
      "# Heading\n\ntext with `code` and a [link](https://a.example)\n\n- [x] done\n\n> quoted\n\n" +
      `| a | b |\n|---|--:|\n| 1 | 2 |\n\n\`\`\`js\n${"let wide = 1; ".repeat(40)}\n\`\`\`\n\n<b>raw</b> ![alt](https://b.example/x.png)`;
    const first = it.chat();
    await ask(page, "Everything");
    await whole(await first, rich);
    await page.locator(".figures").waitFor({ state: "attached" });
    const second = it.chat();
    await ask(page, "Refuse");
    await (await second).json({ error: { message: "no" } }, "503 Busy");
    await page.getByText("The endpoint answered with status 503").waitFor();
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
    expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))).toEqual([]);
    await page.context().close();
  });

  test("is led with the keyboard alone", async () => {
    const page = await openPlayground(it.console);
    const { keyboard } = page;
    const tabTo = async (what: string): Promise<void> => {
      for (let presses = 0; presses < 40; presses += 1) {
        if ((await page.evaluate(`document.activeElement.matches(${JSON.stringify(what)})`)) === true) return;
        await keyboard.press("Tab");
      }
      throw new Error(`Tab never reaches ${what}`);
    };
    await tabTo("textarea[aria-label=Message]");
    await keyboard.type("line one");
    await keyboard.press("Shift+Enter");
    await keyboard.type("line two");
    const first = it.chat();
    await keyboard.press("Enter");
    const exchange = await first;
    expect((await askedIn(exchange))["messages"]).toEqual([{ role: "user", content: "line one\nline two" }]);
    await exchange.write(`${eventStream}${chunk({ content: "on and on" })}`);
    await page.getByText("on and on").waitFor();
    await keyboard.press("Escape");
    await exchange.closed;
    await page.getByText("You stopped it here.").waitFor();
    for (let back = 0; !(await page.evaluate("document.activeElement.title === 'Ask again'")); back += 1) {
      expect(back).toBeLessThan(10);
      await keyboard.press("Shift+Tab");
    }
    const second = it.chat();
    await keyboard.press("Enter");
    await whole(await second, "at last");
    await page.getByText("at last").waitFor();
    expect(await page.evaluate("document.activeElement.matches('textarea[aria-label=Message]')")).toBe(true);
    await page.context().close();
  });
});

test("without an endpoint the playground shows the way to one", async () => {
  await using it = await startChatStage();
  const page = await it.console.browse();
  await page.route("**/api/v1/endpoints", (route) =>
    route.fulfill({ json: { file: "", demandsKeys: false, types: [], endpoints: [] } }),
  );
  await page.goto(`${it.console.url}/playground`);
  await page.getByText("There is no endpoint to talk to yet").waitFor();
  await page.getByRole("link", { name: "Add an endpoint" }).click();
  await page.getByRole("heading", { level: 1, name: "Endpoints" }).waitFor();
});
