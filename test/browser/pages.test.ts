import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/openssl-server.ts";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import type { Answering } from "../support/upstream.ts";
import { type Head, valuesOf } from "../support/wire.ts";
import {
  type Read,
  reboundName,
  serveHostilePage,
  startBrowser,
  Visit,
  WebServer,
  whatRead,
} from "./browser.ts";

/** Where the page comes from that has no business here. */
const foreign = {
  "another port of this machine": "127.0.0.1",
  "another name of this machine": "localhost",
  "a foreign name": reboundName,
};

/** An answer that as many ways as possible can read. */
const script = 'self.answered = "answered"';
const answer: Answering = async (exchange) => {
  await exchange.body;
  const events = exchange.head.headers.some(([, value]) => value === "text/event-stream");
  const type = events ? "text/event-stream" : "text/javascript";
  const body = events ? "data: answered\n\n" : script;
  await exchange.write(
    `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
};

let browser: Browser;
let page: WebServer;
let it: PrivateEndpoint;
beforeAll(async () => {
  [browser, page, it] = await Promise.all([startBrowser(), serveHostilePage(), startPrivateEndpoint()]);
  it.upstream.answer = answer;
});
afterEach(() => {
  it.upstream.exchanges = [];
});
afterAll(async () => {
  await browser.close();
  await page[Symbol.asyncDispose]();
  await it[Symbol.asyncDispose]();
});

/** What a page of this host reads when it tries every way to reach this base. */
async function readFrom(host: string, base: string): Promise<Read> {
  await using visit = await Visit.begin(browser, `http://${host}:${page.port}`);
  // Awaited here: the visit ends with this function.
  return await visit.tryAll(base);
}

/** Tries every way against the gateway, and waits until all that arrived there has been answered. */
async function tried(host: string, { gateway }: PrivateEndpoint, base = gateway.base): Promise<Read> {
  const before = gateway.requests().length;
  const read = await readFrom(host, `${base}/private/v1`);
  await gateway.ended(before + Object.keys(read).length);
  return read;
}

/** What reached an endpoint: the line and the headers of each request. */
const passedTo = ({ upstream }: PrivateEndpoint): readonly Head[] =>
  upstream.exchanges.map(({ head }) => head);

/** The numbers of the ways that reached a server. */
const numbersIn = (targets: readonly string[]): readonly number[] =>
  [...new Set(targets.flatMap((target) => /\/v1\/(\d+)/.exec(target)?.[1] ?? []).map(Number))].sort(
    (a, b) => a - b,
  );

describe("a page of another site reaches a server that does not defend itself in every way", () => {
  for (const [name, host] of Object.entries(foreign))
    test(`from ${name}`, async () => {
      const targets: string[] = [];
      await using server = await WebServer.start((request, response) => {
        targets.push(request.url ?? "");
        response.setHeader("Content-Type", "text/javascript").end(script);
      });
      const read = await readFrom(host, `http://127.0.0.1:${server.port}/v1`);
      const all = Object.keys(read).map((_, number) => number);
      expect(all.length).toBeGreaterThan(40);
      await eventually(() => expect(numbersIn(targets)).toEqual(all));
      expect(whatRead(read)["script"]).toBe("answered");
    });
});

describe("without local keys, nothing that a page of another site sends passes, and it reads nothing", () => {
  for (const [name, host] of Object.entries(foreign)) {
    test(`of the gateway, from ${name}`, async () => {
      expect(whatRead(await tried(host, it))).toEqual({});
      expect(passedTo(it)).toEqual([]);
    });

    test(`of the admin listener, from ${name}`, async () => {
      expect(whatRead(await readFrom(host, `${it.gateway.app.admin}/metrics#`))).toEqual({});
      expect(passedTo(it)).toEqual([]);
    });
  }
});

describe("a page whose name is rebound to this machine reads of its own port that its name is not allowed", () => {
  for (const listener of ["gateway", "admin"] as const)
    test(`the ${listener} listener's`, async () => {
      const port = await freePort();
      const origin = `http://${reboundName}:${port}`;
      const attacker = await serveHostilePage(port);
      await using visit = await Visit.begin(browser, origin);
      await attacker[Symbol.asyncDispose]();
      const address = `127.0.0.1:${port}`;
      await using rebound = await startPrivateEndpoint({
        settings: listener === "gateway" ? { listen: [address] } : { admin: address },
      });
      rebound.upstream.answer = answer;
      const read = whatRead(
        await visit.tryAll(`${origin}/${listener === "gateway" ? "private/v1" : "metrics#"}`),
      );
      expect(read["fetch GET"]).toContain("host_not_allowed");
      for (const [way, text] of Object.entries(read)) expect(text, way).toContain("host_not_allowed");
      expect(passedTo(rebound)).toEqual([]);
    });
});

describe("where allow-origins names an origin", () => {
  const allowedHost = "127.0.0.1";
  let allowing: PrivateEndpoint;
  beforeAll(async () => {
    allowing = await startPrivateEndpoint({
      settings: { "allow-origins": [`http://${allowedHost}:${page.port}`] },
    });
    allowing.upstream.answer = answer;
  });
  afterEach(() => {
    allowing.upstream.exchanges = [];
  });
  afterAll(() => allowing[Symbol.asyncDispose]());

  test("a page of it reads answers in the ways that say where they come from, and no others pass", async () => {
    const read = Object.entries(whatRead(await tried(allowedHost, allowing)));
    const answers = read.filter(([, text]) => text.includes("answered"));
    expect(answers.map(([way]) => way)).toEqual([
      "fetch GET",
      "fetch POST parts",
      "fetch POST JSON",
      "fetch POST JSON with a key",
      "fetch PUT",
      "fetch DELETE",
      "XHR GET",
      "XHR POST JSON",
      "module",
      "import",
      "EventSource",
    ]);
    for (const [way, text] of read)
      if (!text.includes("answered")) expect(text, way).toContain("content_type_not_allowed");
    const origins = passedTo(allowing).flatMap((head) => valuesOf(head, "origin"));
    expect(origins).toEqual(passedTo(allowing).map(() => `http://${allowedHost}:${page.port}`));
  });

  for (const [name, host] of Object.entries(foreign))
    if (host !== allowedHost)
      test(`a page from ${name} reaches nothing`, async () => {
        expect(whatRead(await tried(host, allowing))).toEqual({});
        expect(passedTo(allowing)).toEqual([]);
      });

  test("a page of it reads nothing of the admin listener", async () => {
    expect(whatRead(await readFrom(allowedHost, `${allowing.gateway.app.admin}/metrics#`))).toEqual({});
  });
});
