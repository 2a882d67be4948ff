import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ask, type Answer, ask } from "../support/client.ts";
import { valuesOf } from "../support/wire.ts";
import { readAssets } from "../../src/admin/assets.ts";
import { Console } from "./support.ts";

let it: Console;
beforeAll(async () => {
  it = await Console.start();
});
afterAll(() => it[Symbol.asyncDispose]());

const get = (target: string, more: Partial<Ask> = {}): Promise<Answer> => ask(it.url, { target, ...more });
const header = (answer: Answer, name: string): string | undefined => valuesOf(answer, name)[0];
const pages = ["/", "/vault", "/endpoints", "/live", "/playground", "/settings"];

/** The paths that the document names. */
async function parts(): Promise<readonly string[]> {
  const { text } = await get("/");
  return [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
}

describe("the console's pages", () => {
  test("are all one document, which is not kept, with or without a query", async () => {
    const { text } = await get("/");
    for (const page of [...pages, "/vault?x=1"]) {
      const answer = await get(page);
      expect([page, answer.status, answer.text]).toEqual([page, 200, text]);
      expect(header(answer, "content-type")).toBe("text/html; charset=utf-8");
      expect(header(answer, "cache-control")).toBe("no-store");
    }
  });

  test("name files of their own only, which are kept for good: their names hold what is in them", async () => {
    const paths = await parts();
    expect(paths.length).toBeGreaterThan(1);
    for (const path of paths) {
      expect(path).toMatch(/^\/assets\/[\w.-]+-[\w-]{8}\.\w+$/);
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(header(answer, "cache-control")).toBe("public, max-age=31536000, immutable");
    }
  });

  test("are sent in the coding that the browser takes, and as they are to one that takes none", async () => {
    const script = (await parts()).find((path) => path.endsWith(".js")) ?? "";
    const plain = await get(script);
    const sizes = new Map<string, number>();
    for (const [accepted, coding] of [
      ["gzip, deflate, br, zstd", "br"],
      ["GZIP;q=0.5", "gzip"],
      ["br;q=0, gzip", "gzip"],
      ["identity", undefined],
    ] as const) {
      const answer = await get(script, { headers: [`Accept-Encoding: ${accepted}`] });
      expect([accepted, header(answer, "content-encoding")]).toEqual([accepted, coding]);
      expect(header(answer, "vary")).toBe("accept-encoding");
      sizes.set(accepted, answer.body.length);
    }
    expect(sizes.get("identity")).toBe(plain.body.length);
    expect(sizes.get("GZIP;q=0.5")).toBeLessThan(plain.body.length / 2);
    expect(sizes.get("gzip, deflate, br, zstd")).toBeLessThan(80_000);
  });

  test("answer HEAD with the head alone", async () => {
    const answer = await get("/vault", { method: "HEAD" });
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
    expect(Number(header(answer, "content-length"))).toBeGreaterThan(0);
  });

  test("are nothing more: other paths are errors, also those that lead out of their folder", async () => {
    for (const path of [
      "/index.html",
      "/nothing",
      "/vault/x",
      "/assets/",
      "/assets/../index.html",
      "/assets/..%2findex.html",
      "/assets/%2e%2e/%2e%2e/package.json",
      "/v1/models",
    ]) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.text, path).toContain('"code":"page_unknown"');
    }
    expect((await get("/assets/%zz")).status).toBe(400);
    for (const method of ["POST", "PUT", "DELETE"])
      expect((await get("/vault", { method })).status).toBe(404);
  });

  test("are the console's own also where there is none, for whoever goes there with a browser", async () => {
    const { text } = await get("/");
    const visits = ["Sec-Fetch-Mode: navigate", "Accept: text/html,application/xhtml+xml;q=0.9"];
    for (const path of ["/nothing", "/vault/x?y=1", "/assets/none.js", "/api"])
      for (const header of visits) {
        const answer = await get(path, { headers: [header] });
        expect([path, header, answer.status, answer.text]).toEqual([path, header, 404, text]);
      }
    for (const [path, more] of [
      ["/nothing", ["Sec-Fetch-Mode: cors", "Accept: text/html"]],
      ["/nothing", ["Sec-Fetch-Mode: no-cors"]],
      ["/nothing", ["Accept: application/json"]],
      ["/api/v1/links/x", visits],
    ] as const) {
      const answer = await get(path, { headers: [...more] });
      expect([path, more, header(answer, "content-type")]).toEqual([path, more, "application/json"]);
    }
    expect((await get("/nothing", { method: "POST", headers: visits })).text).toContain("page_unknown");
  });

  test("name the licences of what they were made of", async () => {
    expect((await get("/THIRD-PARTY.txt")).text).toMatch(/^preact \d/m);
  });

  test("that are not built are an error that says how, and the API works", async () => {
    await expect(readAssets("./nowhere")).rejects.toThrow(/not built/);
  });
});

test("every answer tells the browser what it may not do with it", async () => {
  const [script = ""] = await parts();
  for (const target of [
    ...pages,
    script,
    "/nothing",
    "/assets/%zz",
    "/api/v1/items",
    "/api/v1/nothing",
    "/api/v1/proof",
  ]) {
    const answer = await get(target);
    const policy = header(answer, "content-security-policy") ?? "";
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ])
      expect(policy.split("; "), target).toContain(rule);
    expect(policy).not.toMatch(/unsafe|\*/);
    for (const [name, value] of [
      ["x-content-type-options", "nosniff"],
      ["x-frame-options", "DENY"],
      ["referrer-policy", "no-referrer"],
      ["cross-origin-opener-policy", "same-origin"],
      ["cross-origin-resource-policy", "same-origin"],
    ] as const)
      expect([target, name, header(answer, name)]).toEqual([target, name, value]);
    if (target !== script) expect([target, header(answer, "cache-control")]).toEqual([target, "no-store"]);
  }
});
