import type { Page } from "playwright-core";
import { expect } from "vitest";
import { eventually } from "../support/eventually.ts";
import { certificate } from "../support/gateway.ts";
import { makePki } from "../support/pki.ts";
import { demanding } from "../support/private-endpoint.ts";
import { type Answering, type Exchange, startUpstream, type Upstream } from "../support/upstream.ts";
import { Console, type Setting } from "./support.ts";

/** A console before an endpoint named `private` that demands a certificate, and says what the test has it say. */
export interface ChatStage extends AsyncDisposable {
  readonly console: Console;
  readonly upstream: Upstream;
  /** The next chat; it is the test's to answer. */
  chat(): Promise<Exchange>;
}

export async function startChatStage({
  settings,
  items,
  endpoint: more,
}: Pick<Setting, "settings" | "items"> & {
  readonly endpoint?: Readonly<Record<string, unknown>>;
} = {}): Promise<ChatStage> {
  const pki = await makePki();
  const upstream = await startUpstream(demanding(pki));
  upstream.answer = answerModels;
  const endpoint = {
    url: `${upstream.origin}/v1`,
    credentials: ["gen-cert"],
    ca: "server-ca.pem",
    models: ["test-model"],
    ...more,
  };
  const console = await Console.start({
    settings: { ...settings, endpoints: { private: endpoint, ...settings?.endpoints } },
    items: { "gen-cert": certificate(pki.client), ...items },
    prepare: (folder) => folder.write("server-ca.pem", pki.serverCa.certificate),
  });
  return {
    console,
    upstream,
    chat: async () => {
      for (;;) {
        const exchange = await upstream.next();
        if (exchange.target === "/v1/chat/completions") return exchange;
      }
    },
    async [Symbol.asyncDispose](): Promise<void> {
      try {
        await console[Symbol.asyncDispose]();
      } finally {
        await upstream.stop();
      }
    },
  };
}

/** Lists two models, and leaves chats to the test. */
const answerModels: Answering = async (exchange) => {
  if (!exchange.target.endsWith("/models")) return;
  await exchange.json({ object: "list", data: [{ id: "test-model" }, { id: "other-model" }] });
};

/** The playground, ready to be asked. */
export async function openPlayground(
  console: Console,
  look: { theme?: "dark" | "light"; width?: number } = {},
): Promise<Page> {
  const page = await console.browse({ ...look, path: "/playground" });
  const model = page.getByLabel("Model");
  await eventually(async () => expect(await model.inputValue()).not.toBe(""));
  return page;
}

/** Asks by keyboard, with the focus in the field. */
export async function ask(page: Page, question: string): Promise<void> {
  await message(page).fill(question);
  await page.keyboard.press("Enter");
}

export const message = (page: Page) => page.getByRole("textbox", { name: "Message" });

/** What a chat asked for. */
export const askedIn = async (exchange: Exchange): Promise<Readonly<Record<string, unknown>>> =>
  JSON.parse((await exchange.body).toString()) as Record<string, unknown>;
