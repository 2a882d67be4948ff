import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask } from "../support/client.ts";
import { freePort } from "../support/openssl-server.ts";
import { bearer } from "../support/gateway.ts";
import { type Read, reboundName, serveHostilePage, Visit, WebServer, whatRead } from "../browser/browser.ts";
import { browser, Console } from "./support.ts";
import { asBrowser, codeIn, enter, refusalIn, signIn } from "./sign-in.ts";

const canary = "canary-console-5e1d7c3b9a208f46";

/** Every kind of path of the site: a page, a part of it, the API's reading and changing, streams, and none. */
const kinds = [
  "/",
  "/vault",
  "/assets",
  "/api/v1/items",
  "/api/v1/links",
  "/api/v1/session",
  "/api/v1/live",
  "/x",
];

let it: Console;
let attacker: WebServer;
let page: Page;
beforeAll(async () => {
  it = await Console.start({ items: { "gen-token": bearer(canary) } });
  attacker = await serveHostilePage();
  // The browser of somebody who is in: it has the cookie, and all ports of this host share it.
  page = await it.browse();
});
afterAll(async () => {
  // What a hostile page tries is refused: its console is full of that.
  it.complaints.length = 0;
  await it[Symbol.asyncDispose]();
  await attacker[Symbol.asyncDispose]();
});

/** A call of one of the functions of tries.js, to be evaluated in a page. */
const tries = (name: "takeHold" | "breakRules", ...args: readonly string[]): string =>
  `(() => { ${readFileSync(join(import.meta.dirname, "tries.js"), "utf8")}
  return self.tries.${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")}); })()`;

/** All that an attack could have changed. */
async function state(): Promise<string> {
  const { text } = await it.api("GET", "/items");
  return `${text} ${it.gateway.vault.generation}`;
}

async function tryFrom(context: BrowserContext, origin: string, base: string): Promise<Read> {
  const hostile = await context.newPage();
  try {
    await hostile.goto(origin);
    return (await hostile.evaluate(`tryAll(${JSON.stringify(base)})`)) as Read;
  } finally {
    for (const opened of context.pages()) if (opened !== page) await opened.close();
  }
}

describe("a page of another origin, in the browser of somebody who is in, reads nothing and changes nothing", () => {
  const origins = {
    "another port of this machine": "127.0.0.1",
    "another name of this machine": "localhost",
    "a foreign name": reboundName,
  };
  for (const [name, host] of Object.entries(origins))
    test(`from ${name}`, async () => {
      const before = await state();
      for (const path of kinds) {
        // What follows the # or the ? tells the ways apart, and leaves the path as it is.
        const read = await tryFrom(page.context(), `http://${host}:${attacker.port}`, `${it.url}${path}?`);
        expect([path, whatRead(read)]).toEqual([path, {}]);
      }
      expect(await state()).toBe(before);
    });

  test("nor by a part of the page as a script, by a frame of it, or by a window of it", async () => {
    const script = (await (await fetch(it.url)).text()).match(/src="([^"]+\.js)"/)?.[1] ?? "";
    const hostile = await page.context().newPage();
    await hostile.goto(`http://127.0.0.1:${attacker.port}`);
    const got = await hostile.evaluate(tries("takeHold", it.url, script));
    expect(got).toEqual({ script: "refused", window: "nothing", frame: "nothing" });
    for (const opened of page.context().pages()) if (opened !== page) await opened.close();
  });
});

test("another server of this machine gets the cookie from the browser, and cannot use it", async () => {
  let got: IncomingMessage | undefined;
  await using server = await WebServer.start((request, response) => {
    got ??= request;
    response.end("hello");
  });
  const other = await page.context().newPage();
  await other.goto(`http://127.0.0.1:${server.port}/`);
  await other.close();
  const cookie = got?.headers.cookie ?? "";
  expect(cookie).toContain("postern-session-");
  expect(got?.headers["x-postern-token"]).toBeUndefined();
  for (const path of ["/items", "/session", "/live"])
    expect(await refusalIn(await asBrowser(it, { cookie }, { path }))).toEqual([401, "admin_token_required"]);
  expect(await refusalIn(await asBrowser(it, { cookie }, { method: "POST", path: "/links" }))).toEqual([
    401,
    "admin_token_required",
  ]);
  const guess = { cookie, token: cookie.replace(/.*=/, "") };
  expect(await refusalIn(await asBrowser(it, guess))).toEqual([401, "session_over"]);
  expect(await refusalIn(await asBrowser(it, guess, { method: "DELETE" }))).toEqual([401, "session_over"]);
  // The session that was attacked goes on.
  expect(
    await page.evaluate(
      `fetch("/api/v1/session", { headers: { "x-postern-token": localStorage.getItem("postern-token") } }).then((answer) => answer.status)`,
    ),
  ).toBe(200);
});

test("a page whose name is rebound to this machine reads of its own port that its name is not allowed", async () => {
  const port = await freePort();
  const origin = `http://${reboundName}:${port}`;
  const first = await serveHostilePage(port);
  await using visit = await Visit.begin(await browser(), origin);
  await first[Symbol.asyncDispose]();
  await using _rebound = await Console.start({ settings: { admin: `127.0.0.1:${port}` } });
  for (const path of kinds) {
    const read = whatRead(await visit.tryAll(`${origin}${path}?`));
    expect(read["fetch GET"], path).toContain("host_not_allowed");
    for (const [way, text] of Object.entries(read))
      expect(text, `${path} by ${way}`).toContain("host_not_allowed");
  }
});

describe("requests that only a foreign page sends are refused at every path, static ones too", () => {
  const heads = {
    host_not_allowed: ["Host: evil.example"],
    origin_not_allowed: ["Origin: http://127.0.0.1:9"],
    "origin_not_allowed ": ["Sec-Fetch-Site: same-site"],
    " origin_not_allowed": ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"],
    "origin_not_allowed  ": ["Origin: null"],
  };
  test.each(Object.entries(heads))("%s", async (code, headers) => {
    const withToken = [...headers, `Authorization: Bearer ${it.gateway.adminToken}`];
    const { text } = await ask(it.url, { target: "/" });
    const script = /src="([^"]+)"/.exec(text)?.[1] ?? "";
    for (const target of [
      ...kinds,
      "/",
      script,
      "/assets/%zz",
      "/api/v1/session",
      "/api/v1/proof",
      "/nothing",
    ])
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) {
        const answer = await ask(it.url, { method, target, headers: withToken });
        expect([method, target, answer.status]).toEqual([method, target, 403]);
        if (method !== "HEAD") expect(answer.text).toContain(code.trim());
        expect(answer.headers.some(([name]) => /^access-control-/i.test(name))).toBe(false);
      }
  });
});

describe("in the browser", () => {
  test("a link that was used says so, and the page of a stranger shows nothing", async () => {
    const link = await it.link();
    expect((await enter(it, codeIn(link))).status).toBe(201);
    const stranger = await it.visitor();
    await stranger.goto(link);
    await stranger.getByText(/used already/).waitFor();
    expect(await stranger.getByText(/postern console/).count()).toBeGreaterThan(0);
    expect(stranger.url()).not.toContain(codeIn(link));
    expect(await stranger.content()).not.toContain("gen-token");
    await stranger.context().close();
  });

  test("a page without its half of the session shows nothing", async () => {
    const half = await it.browse();
    await half.evaluate(`localStorage.removeItem("postern-token")`);
    await half.goto(`${it.url}/vault`);
    await half
      .getByText(/postern console/)
      .first()
      .waitFor();
    expect(await half.content()).not.toContain("gen-token");
    await half.context().close();
  });

  test("the page makes no markup of text, runs nothing that is not its own, and sends nothing elsewhere", async () => {
    const own = await it.browse();
    let asked = 0;
    await using elsewhere = await WebServer.start((_, response) => {
      asked += 1;
      response.end();
    });
    const outcome = await own.evaluate(tries("breakRules", `http://127.0.0.1:${elsewhere.port}`));
    expect(Object.entries(outcome as object).filter(([, how]) => how !== "refused")).toEqual([]);
    expect(asked).toBe(0);
    await own.context().close();
  });
});

test("a session's own page sees no secret that it did not ask for", async () => {
  const { cookie, token } = await signIn(it);
  const answer = await asBrowser(it, { cookie, token }, { path: "/items" });
  expect([answer.status, (await answer.text()).includes(canary)]).toEqual([200, false]);
});
