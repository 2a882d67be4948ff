import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

/** What a page could read, by the way in which it tried. */
export type Read = Readonly<Record<string, string>>;

/** A name that leads to this machine in the browser, as an attacker's does once it is rebound. */
export const reboundName = "evil.example";

/** Starts Debian's Chromium without a window. */
export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: "/usr/bin/chromium",
    // As root it has no sandbox of its own.
    args: ["--no-sandbox", `--host-resolver-rules=MAP ${reboundName} 127.0.0.1`],
  });

/** A web server of the test's own. */
export class WebServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** @param port of 127.0.0.1; any free one without it */
  static async start(answer: RequestListener, port = 0): Promise<WebServer> {
    const server = createServer(answer).listen(port, "127.0.0.1");
    await once(server, "listening");
    return new WebServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }
}

/** Serves the page that tries what it can, under any name. */
export const serveHostilePage = (port = 0): Promise<WebServer> =>
  WebServer.start((_request, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end(readFileSync(join(import.meta.dirname, "hostile.html")));
  }, port);

/** A visit to that page, and what the page does. */
export class Visit implements AsyncDisposable {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async begin(browser: Browser, origin: string): Promise<Visit> {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(origin);
    return new Visit(page);
  }

  /** Tries every way to reach addresses that begin so; each ends with the number of its way. */
  async tryAll(base: string): Promise<Read> {
    return (await this.#page.evaluate(`tryAll(${JSON.stringify(base)})`)) as Read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.context().close();
  }
}

/** The ways in which a page could read something. */
export const whatRead = (read: Read): Read =>
  Object.fromEntries(Object.entries(read).filter(([, text]) => text !== ""));
