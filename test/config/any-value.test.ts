import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseDocument, stringify, visit } from "yaml";
import { parseConfig } from "../../src/config/parse.ts";
import { file } from "./support.ts";

const example = readFileSync(join(import.meta.dirname, "..", "..", "config", "postern.example.yaml"), "utf8");
const everyKey = stringify(parse(example));

/** Each key and value, as offsets from the beginning. */
const spots: (readonly [start: number, end: number])[] = [];
visit(parseDocument(everyKey), {
  Node: (_, { range }) => void (range && spots.push([range[0], range[1]])),
});

// A reload that throws leaves no trace of what is wrong with the file.
test.each([
  "",
  "~",
  "[]",
  "[null]",
  "{}",
  "{ constructor: 1 }",
  "toString",
  "0",
  "-1",
  ".nan",
  ".inf",
  "true",
  "'%'",
  "'[::1%lo]:80'",
  "'[]:80'",
  "'unix:'",
  "'file:~'",
  "'https://%'",
  "'https://[fe80::1%25eth0]/v1'",
  String.raw`"\ud800"`,
  String.raw`"file:a\0b"`,
  "&a [*a]",
])("%s in any place is read or refused, and throws nothing", (written) => {
  for (const [start, end] of spots) {
    const lineEnd = everyKey.slice(start, end).endsWith("\n") ? "\n" : "";
    const text = `${everyKey.slice(0, start)}${written}${lineEnd}${everyKey.slice(end)}`;
    expect(() => parseConfig(text, file, () => ""), text.slice(0, start + 40)).not.toThrow();
  }
});
