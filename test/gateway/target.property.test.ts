import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PosternError } from "../../src/errors.ts";
import { mapTarget, type Target } from "../../src/gateway/target.ts";

const endpoints = new Map([
  ["private", {}],
  ["other-2", {}],
]);

/** What the target maps to; nothing where it is refused. */
function mapped(target: string, own?: string): Target | undefined {
  try {
    return mapTarget(target, endpoints, own);
  } catch (error) {
    if (error instanceof PosternError) return undefined;
    throw error;
  }
}

const piece = fc.oneof(
  fc.constantFrom("/", "//", "v1", "openai", "raw", "private", "other-2", "models", ".", "..", "...", "\\"),
  fc.constantFrom("%2e", "%2E", "%2f", "%5c", "%00", "%", "%zz", "%25", ";", ";x", "?", "#", "@", ":", "*"),
  fc.constantFrom(
    "http://localhost:8080",
    "http://evil.test",
    "https://evil.test",
    "//evil.test",
    "\t",
    " ",
    "é",
  ),
  fc.string({ maxLength: 4 }),
);
const rough = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const target = fc.oneof(
  rough,
  rough.map((text) => `/${text}`),
  rough.map((text) => `/private/v1/${text}`),
  rough.map((text) => `/private/raw/${text}`),
);
const own = fc.constantFrom(undefined, "private");
const base = "/tenant/openai/v1";

describe("a request's target", () => {
  test("never maps to a path outside the endpoint's base, or to another host, however it is resolved", () => {
    fc.assert(
      fc.property(target, own, (text, listener) => {
        const found = mapped(text, listener);
        if (found === undefined) return;
        expect(found.path).toMatch(/^(?:\/|$)/);
        expect(found.query).toMatch(/^(?:\?|$)/);
        const sent = `${found.by === "raw" ? "" : base}${found.path}${found.query}`;
        expect(sent === "" || /^\/[\x21-\x7e]*$/.test(sent)).toBe(true);
        // As the endpoint's own libraries may read it: the WHATWG parser, which folds dots and turns backslashes.
        for (const read of [sent, sent.replaceAll(/%5c/gi, "\\"), sent.replaceAll(/%2f/gi, "/")]) {
          const url = new URL(`https://endpoint.test${read}`);
          expect(url.origin).toBe("https://endpoint.test");
          expect(url.hash).toBe("");
          if (found.by !== "raw") expect(`${url.pathname}/`.startsWith(`${base}/`)).toBe(true);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("leads only to endpoints of the configuration, and by an endpoint's own listener only to that one", () => {
    fc.assert(
      fc.property(target, own, (text, listener) => {
        const found = mapped(text, listener);
        if (found === undefined) return;
        if (found.by !== "model") expect([...endpoints.keys()]).toContain(found.endpoint);
        if (listener !== undefined) expect(found).toMatchObject({ endpoint: listener });
      }),
      { numRuns: 2000 },
    );
  });

  test("means the same with its slashes doubled, and folding them again changes nothing", () => {
    fc.assert(
      fc.property(
        target.filter((text) => text.startsWith("/")),
        own,
        (text, listener) => {
          const [path = "", ...queries] = text.split("?");
          const query = queries.length > 0 ? `?${queries.join("?")}` : "";
          const found = mapped(text, listener);
          expect(mapped(path.replaceAll("/", "//") + query, listener)).toEqual(found);
          if (found !== undefined) expect(found.path).not.toContain("//");
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("keeps the query as it was sent", () => {
    const query = fc.stringMatching(/^[\x21\x22\x24-\x7e]{0,30}$/);
    fc.assert(
      fc.property(query, (text) => {
        expect(mapped(`/private/v1/x?${text}`)?.query).toBe(`?${text}`);
      }),
    );
  });

  test("keeps the bytes of a plain path, percent-encodings included", () => {
    const segment = fc.stringMatching(/^(?:[A-Za-z0-9_~!$&'()*+,=:@-]|%2[Ff]|%[3-7][0-9A-D]){1,10}$/);
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const path = `/${segments.join("/")}`;
        expect(mapped(`/private/v1${path}`)).toEqual({
          by: "endpoint",
          endpoint: "private",
          path,
          query: "",
        });
        expect(mapped(`/private/raw${path}`)).toEqual({
          by: "raw",
          endpoint: "private",
          at: "/private/raw",
          path,
          query: "",
        });
      }),
    );
  });
});
