import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { changeEndpoint } from "../../src/config/edit-keys.ts";

const written = `# my endpoints
admin:   127.0.0.1:9   # aligned
endpoints:   # all of them
    # the first
    one:   # c
        url:   one.test   # its host
        credentials: [ old,  other ]   # two
        models:
          - m/x   # small
          # the large one
          - m/y
        aliases:
          l: m/x   # for short
        timeouts: { first-byte: 15m }   # it sleeps
        # more of the first

    # the second
    two: { url: two.test, credentials: old } # e
    # after the last
log: { level: info }
`;

const endpoint = (text: string, name = "one"): Record<string, unknown> =>
  (parse(text) as { endpoints: Record<string, Record<string, unknown>> }).endpoints[name] ?? {};

describe("changing an endpoint", () => {
  test.each([
    ["another value", { url: "new.test" }, "url:   one.test   #", "url:   new.test   #"],
    ["a list in brackets", { credentials: ["new"] }, "[ old,  other ]", "[new]"],
    [
      "an entry more",
      { models: ["m/x", "m/y", "m/z"] },
      "          - m/y\n",
      "          - m/y\n          - m/z\n",
    ],
    ["an entry less", { models: ["m/y"] }, "          - m/x   # small\n", ""],
    ["another alias", { aliases: { l: "m/y" } }, "l: m/x   #", "l: m/y   #"],
    ["an alias more", { aliases: { l: "m/x", k: "m/y" } }, "for short\n", "for short\n          k: m/y\n"],
    ["a key taken out", { aliases: null }, "        aliases:\n          l: m/x   # for short\n", ""],
    ["a key more", { ca: "ca.pem" }, "it sleeps\n", "it sleeps\n        ca: ca.pem\n"],
  ])("%s changes its own lines, and no other byte", (_, change, before, after) => {
    expect(written).toContain(before);
    expect(changeEndpoint(written, "one", change)).toBe(written.replace(before, after));
  });

  test.each([
    ["a value", { url: "new.test" }, "url: two.test", "url: new.test"],
    ["one credential for a list", { credentials: ["a", "b"] }, "credentials: old }", "credentials: [a, b] }"],
    ["a key more", { ca: "x, y" }, "old }", 'old, ca: "x, y" }'],
    ["the last key taken out", { credentials: null }, ", credentials: old }", " }"],
    ["the first key taken out", { url: null }, "url: two.test, ", ""],
  ])("in braces: %s", (_, change, before, after) => {
    expect(changeEndpoint(written, "two", change)).toBe(written.replace(before, after));
  });

  test("what it says already keeps its lines, whichever way it is written", () => {
    expect(changeEndpoint(written, "two", { credentials: ["old"], ca: null })).toBe(written);
    expect(changeEndpoint(written, "one", { ...endpoint(written) })).toBe(written);
  });

  test("an empty value is filled, and its comment stays", () => {
    const text = "endpoints:\n  one:\n    url: # host\n    credentials: a\n";
    expect(changeEndpoint(text, "one", { url: "new.test" })).toBe(text.replace("url:", "url: new.test"));
  });

  test("one that is the same as another, by an alias, becomes its own", () => {
    const text = "endpoints:\n  one: &o { url: one.test, credentials: a }\n  two: *o # same\n";
    const changed = changeEndpoint(text, "two", { url: "two.test" });
    expect(endpoint(changed, "two")).toEqual({ url: "two.test", credentials: "a" });
    expect(endpoint(changed)).toEqual(endpoint(text));
    expect(changed).toContain("# same");
  });

  test("a value that others refer to does not change theirs: the result is not YAML", () => {
    const text = "endpoints:\n  one: { url: a, credentials: &c [old] }\n  two: { url: b, credentials: *c }\n";
    expect(() => parse(changeEndpoint(text, "one", { credentials: ["new"] }))).toThrow(/alias/i);
  });

  test("writes the line breaks of the file", () => {
    const text = changeEndpoint(written.replaceAll("\n", "\r\n"), "one", {
      ca: "ca.pem",
      models: ["m/y", "m/z"],
    });
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });

  test("keeps spaces at the end of a value that YAML does not take for space", () => {
    const changed = changeEndpoint(written, "one", { aliases: { "\u00a0": "\u00a0" } });
    expect(endpoint(changed)["aliases"]).toEqual({ "\u00a0": "\u00a0" });
  });

  test("says what was asked for, and nothing else, whatever the values", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
    const list = fc.array(text, { minLength: 1, maxLength: 4 });
    const changes = fc.record(
      {
        url: text,
        credentials: list,
        models: list,
        aliases: fc.dictionary(text, text, { minKeys: 1, maxKeys: 3 }),
        ca: text,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(changes, fc.constantFrom("one", "two"), (change, name) => {
        const changed = changeEndpoint(written, name, change);
        const other = name === "one" ? "two" : "one";
        const said = endpoint(changed, name);
        for (const [key, value] of Object.entries(change)) expect([said[key]].flat()).toEqual([value].flat());
        expect(endpoint(changed, other)).toEqual(endpoint(written, other));
        expect(said["timeouts"]).toEqual(endpoint(written, name)["timeouts"]);
      }),
    );
  });
});
