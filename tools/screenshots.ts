// Shows the console as images in docs/images/console: npm run screenshots. Every page in both themes, wide and narrow,
// and what opens from some of them. All that is on them is made for it: a gateway at its usual addresses, private
// endpoints, credentials and traffic.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "../test/browser/browser.ts";
import { Scene } from "../test/console/scene.ts";

const folder = join(import.meta.dirname, "..", "docs", "images", "console");
const pages = ["vault", "endpoints", "live", "playground", "settings"] as const;
const widths = { wide: { width: 1280, height: 860 }, narrow: { width: 360, height: 740 } } as const;
const themes = ["dark", "light"] as const;

/** For how long requests are sent before the first image, so that the charts have something to show. */
const stirMs = 60_000;
/** In between, so that they do not all come at once. */
const restMs = 400;
/** What was asked for has come by then, and what it shows has been drawn. */
const settledMs = 1_200;

/** What opens from a page: the name of its image, and the way there. */
const openings: readonly {
  readonly name: string;
  readonly from: (typeof pages)[number];
  readonly act: (page: Page) => Promise<void>;
}[] = [
  {
    name: "vault-menu",
    from: "vault",
    act: async (page) => page.getByRole("button", { name: "Add Vault Item" }).click(),
  },
  {
    name: "vault-certificate",
    from: "vault",
    act: async (page) => {
      await page.getByRole("button", { name: "Add Vault Item" }).click();
      await page.getByRole("menuitem", { name: "Certificates" }).click();
    },
  },
  {
    name: "endpoint-test",
    from: "endpoints",
    act: async (page) => page.getByRole("button", { name: "Test", exact: false }).first().click(),
  },
  {
    name: "live-request",
    from: "live",
    act: async (page) => page.getByRole("table", { name: "Ended" }).getByRole("row").nth(1).click(),
  },
  {
    name: "playground-answer",
    from: "playground",
    act: async (page) => {
      await page.getByRole("textbox", { name: "Message" }).fill("What is a postern?");
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("First token").waitFor();
    },
  },
];

await using scene = await Scene.start({ listen: "127.0.0.1:8080", admin: "127.0.0.1:8081" });
mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
const leaving = new AbortController();
try {
  for (const until = Date.now() + stirMs; Date.now() < until; await rest(restMs)) await scene.stir();
  scene.stream(4, leaving.signal);
  for (const theme of themes)
    for (const [width, viewport] of Object.entries(widths)) {
      const page = await open(browser, theme, viewport);
      const save = async (name: string): Promise<void> => {
        await rest(settledMs);
        await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`) });
      };
      for (const name of pages) {
        await show(page, name);
        await save(name);
        for (const { name: opened, from, act } of openings) {
          if (from !== name) continue;
          await show(page, name);
          await act(page);
          await save(opened);
        }
      }
      await page.context().close();
    }
} finally {
  leaving.abort();
  await browser.close();
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function open(
  browser: Browser,
  theme: string,
  viewport: { readonly width: number; readonly height: number },
): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
  context.setDefaultTimeout(10_000);
  await context.addInitScript(`localStorage.setItem("postern-theme", ${JSON.stringify(theme)})`);
  const page = await context.newPage();
  await page.goto(await scene.link());
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

async function show(page: Page, name: string): Promise<void> {
  await page.goto(`${scene.gateway.app.admin}/${name}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
}
