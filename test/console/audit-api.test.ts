import { appendFileSync, chmodSync, readFileSync, renameSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type PrivateEndpoint, startPrivateEndpoint } from "../support/private-endpoint.ts";
import { asAdmin } from "./admin-client.ts";

interface Page {
  readonly uses: readonly { readonly at: string; readonly about?: string; readonly item?: string }[];
  readonly next?: string;
}

let it: PrivateEndpoint;
let log: string;
beforeEach(async () => {
  it = await startPrivateEndpoint();
  log = it.gateway.folder.file("audit.log");
});
afterEach(() => it[Symbol.asyncDispose]());

const page = async (query = ""): Promise<Page> =>
  (await (await asAdmin(it.gateway, `/audit${query}`)).json()) as Page;

/** Adds uses to the log, numbered in their order. */
function record(from: number, to: number, more: object = {}): void {
  for (let number = from; number < to; number += 1)
    appendFileSync(
      log,
      `${JSON.stringify({
        at: new Date(1_700_000_000_000 + number * 1000).toISOString(),
        command: "vault show",
        pid: 7,
        action: "reveal",
        about: String(number),
        ...more,
      })}\n`,
      { mode: 0o600 },
    );
}

const numbers = ({ uses }: Page): readonly string[] => uses.map(({ about = "" }) => about);

test("the newest uses come first, and page by page all of them, each once, while more are recorded", async () => {
  record(0, 25);
  const first = await page("?limit=10&action=reveal");
  record(25, 30);
  const second = await page(`?limit=10&action=reveal&before=${first.next}`);
  // The file is put away meanwhile.
  renameSync(log, `${log}.1`);
  record(30, 32);
  const third = await page(`?limit=10&action=reveal&before=${second.next}`);
  expect([...numbers(first), ...numbers(second), ...numbers(third)]).toEqual(
    Array.from({ length: 25 }, (_, index) => String(24 - index)),
  );
  expect(third.next).toBeUndefined();
  expect(numbers(await page("?limit=4&action=reveal"))).toEqual(["31", "30", "29", "28"]);
});

test("a page that ends with the last use has no next", async () => {
  record(0, 3, { item: "only" });
  const found = await page("?limit=3&item=only");
  expect(found.uses).toHaveLength(3);
  expect(found.next).toBeUndefined();
});

test("item, endpoint, action, time and failure choose, together too", async () => {
  record(0, 1, { item: "a", endpoint: "private" });
  record(1, 2, { item: "a", error: "vault_locked" });
  record(2, 3, { item: "b", action: "download" });
  expect(numbers(await page("?item=a"))).toEqual(["1", "0"]);
  expect(numbers(await page("?item=a&endpoint=private"))).toEqual(["0"]);
  expect(numbers(await page("?action=download"))).toEqual(["2"]);
  expect(numbers(await page("?failed=true"))).toEqual(["1"]);
  expect(numbers(await page("?failed=false&item=b"))).toEqual(["2"]);
  expect(numbers(await page(`?item=a&since=${new Date(1_700_000_001_000).toISOString()}`))).toEqual(["1"]);
});

test("a line that is none is passed over", async () => {
  record(0, 1, { item: "a" });
  appendFileSync(log, '{"at":"yesterday"}\nnot a line\n{"at":');
  expect(numbers(await page("?item=a"))).toEqual(["0"]);
});

test("a place that is no place is refused; one that is gone is followed by nothing", async () => {
  record(0, 1);
  expect((await asAdmin(it.gateway, "/audit?before=../../x")).status).toBe(400);
  expect((await asAdmin(it.gateway, "/audit?limit=0")).status).toBe(400);
  expect((await asAdmin(it.gateway, "/audit?since=yesterday")).status).toBe(400);
  expect(await page("?before=zzzzzz.3")).toEqual({ uses: [] });
});

test("where nothing is recorded, the answer says how that is switched on", async () => {
  it.gateway.write(`${readFileSync(it.gateway.file, "utf8")}audit: { to: off }\n`);
  await asAdmin(it.gateway, "/configuration/reload", { method: "POST" });
  const answer = await asAdmin(it.gateway, "/audit");
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({
    error: { code: "audit_off", hint: "name a file there: audit: { to: file:audit.log }" },
  });
});

test("a log that others can read is not shown", async () => {
  record(0, 1);
  chmodSync(log, 0o644);
  expect(await (await asAdmin(it.gateway, "/audit")).json()).toMatchObject({
    error: { code: "audit_exposed" },
  });
});
