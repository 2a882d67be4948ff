import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addEndpoint, removeEndpoint, renameCredential } from "../../src/config/edit.ts";
import { editConfig } from "../../src/config/write.ts";
import { Folder } from "../support/folder.ts";
import { good } from "./support.ts";

const added = { url: "https://new.test/v1", credentials: ["a", "b"], models: ["m/x"], aliases: { l: "m/x" } };

const written = `# my endpoints
admin:   127.0.0.1:9   # aligned
endpoints:   # all of them
    # the first
    one:   # c
        url: one.test   # its host
        credentials: [ old,  other ]   # two
        # more of the first

    # the second
    two: { url: two.test, credentials: old } # e
    # after the last
# the end
log: { level: info }
`;

const shapes: readonly (readonly [name: string, text: string])[] = [
  ["an empty file", ""],
  ["only comments", "# nothing\n"],
  ["endpoints with nothing", "endpoints:\n# below\nlog: { level: info }\n"],
  ["endpoints with nothing, and a comment", "endpoints: # null\n"],
  ["an empty map", "endpoints: {} # none\nlog: { level: info }\n"],
  ["indentation by four", written],
  ["a map in braces", "endpoints: { one: { url: one.test, credentials: a } } # f\n"],
  ["CRLF", "endpoints:\r\n  one:\r\n    url: one.test\r\n    credentials: a\r\n"],
  ["no line break at the end", "endpoints:\n  one:\n    url: one.test\n    credentials: a"],
  [
    "lists in lines",
    "endpoints:\n  one:\n    url: one.test\n    credentials:\n    - a\n    - b\n    # tail\n\nadmin: 127.0.0.1:9\n",
  ],
  [
    "text over several lines",
    "endpoints:\n  one:\n    url: >-\n      one.test\n    credentials: [a,\n      b]\nadmin: 127.0.0.1:9\n",
  ],
];

const comments = (text: string): readonly string[] => [...text.matchAll(/#.*/g)].map(([comment]) => comment);

describe("adding an endpoint", () => {
  test.each(shapes)("to %s keeps what was there, comments included", (_, text) => {
    const before = good(text);
    const result = addEndpoint(text, "new", added);
    const after = good(result);
    expect([...after.endpoints.keys()]).toEqual([...before.endpoints.keys(), "new"]);
    expect(after.endpoints.get("new")).toMatchObject({
      origin: "https://new.test",
      basePath: "/v1",
      credentials: ["a", "b"],
      models: ["m/x"],
      aliases: new Map([["l", "m/x"]]),
    });
    for (const [name, endpoint] of before.endpoints) expect(after.endpoints.get(name)).toEqual(endpoint);
    expect(comments(result)).toEqual(comments(text));
    expect(good(removeEndpoint(result, "new")).endpoints).toEqual(before.endpoints);
  });

  test("changes no other line", () => {
    expect(removeEndpoint(addEndpoint(written, "new", added), "new")).toBe(written);
    expect(addEndpoint(written, "new", added).split("\n")).toEqual(
      expect.arrayContaining(written.split("\n")),
    );
  });

  test("writes the line breaks of the file", () => {
    const text = addEndpoint("admin: 127.0.0.1:9\r\n", "new", added);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });
});

describe("removing an endpoint", () => {
  test("takes its own lines, and leaves every other", () => {
    expect(removeEndpoint(written, "one")).toBe(
      written
        .split("\n")
        .filter((line) => !/ one:|one\.test|old, |more of the first/.test(line))
        .join("\n"),
    );
  });

  test.each(shapes)("that is not there changes nothing: %s", (_, text) => {
    expect(removeEndpoint(text, "nobody")).toBe(text);
  });
});

describe("renaming a credential", () => {
  test("changes its name wherever it stands, and nothing else", () => {
    const expected = written.replace("[ old,", "[ fresh,").replace("credentials: old", "credentials: fresh");
    expect(renameCredential(written, "old", "fresh")).toBe(expected);
  });

  test("quotes a name that YAML would read as a number", () => {
    const text = renameCredential(written, "old", "1e3");
    expect(good(text).endpoints.get("one")?.credentials).toEqual(["1e3", "other"]);
  });

  test("reaches a list that is shared by an alias, once", () => {
    const text =
      "endpoints:\n  one: { url: one.test, credentials: &c [old] }\n  two: { url: two.test, credentials: *c }\n";
    expect(renameCredential(text, "old", "fresh")).toBe(text.replace("old", "fresh"));
  });

  test("reaches the certificates that are renewed", () => {
    const text =
      "renew: [old, other] # those of ours\nendpoints:\n  one: { url: one.test, credentials: [old] }\n";
    expect(renameCredential(text, "old", "fresh")).toBe(text.replaceAll("old", "fresh"));
  });

  test("leaves urls, models and comments with that word alone", () => {
    const text = "endpoints:\n  old:\n    url: old\n    credentials: [x] # old\n    models: [old]\n";
    expect(renameCredential(text, "old", "fresh")).toBe(text);
  });
});

describe("writing", () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
    folder.write("postern.yaml", written);
  });
  afterEach(() => folder[Symbol.dispose]());

  test("keeps the file's mode and leaves nothing beside it", async () => {
    const file = folder.file("postern.yaml");
    chmodSync(file, 0o640);
    await editConfig(file, (text) => addEndpoint(text, "new", added));
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder.path)).toEqual(["postern.yaml"]);
    expect(readFileSync(file, "utf8")).toContain("new:");
  });

  test("follows a symbolic link instead of replacing it", async () => {
    const link = folder.file("link.yaml");
    symlinkSync(folder.file("postern.yaml"), link);
    await editConfig(link, (text) => addEndpoint(text, "new", added));
    expect(readFileSync(folder.file("postern.yaml"), "utf8")).toContain("new:");
    expect(readdirSync(folder.path).sort()).toEqual(["link.yaml", "postern.yaml"]);
  });

  test.each([
    ["the result would have a problem", (text: string) => `${text}colour: red\n`, "config_edit_refused"],
    [
      "another program changes the file meanwhile",
      (text: string) => {
        folder.write("postern.yaml", `${written}# meanwhile\n`);
        return addEndpoint(text, "new", added);
      },
      "file_unwritable",
    ],
  ])("is refused when %s, and leaves no file behind", async (_, change, code) => {
    await expect(editConfig(folder.file("postern.yaml"), change)).rejects.toMatchObject({ code });
    expect(readdirSync(folder.path)).toEqual(["postern.yaml"]);
    expect(readFileSync(folder.file("postern.yaml"), "utf8")).not.toMatch(/new:|colour/);
  });

  test("is refused when what was asked of it says no", async () => {
    const before = folder.contents();
    const refusal = new Error("no");
    const edit = editConfig(
      folder.file("postern.yaml"),
      (text) => addEndpoint(text, "new", added),
      () => {
        throw refusal;
      },
    );
    await expect(edit).rejects.toBe(refusal);
    expect(folder.contents()).toEqual(before);
  });
});
