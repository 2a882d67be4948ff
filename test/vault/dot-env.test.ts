import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PosternError } from "../../src/errors.ts";
import { parseDotEnv } from "../../src/vault/dot-env.ts";
import { tool } from "./desk.ts";

const read = (text: string): Record<string, string> =>
  Object.fromEntries(parseDotEnv(text, ".env").map(({ variable, value }) => [variable, value.expose()]));

/** The error that a text meets; throws where it is taken. */
function refusal(text: string): PosternError {
  try {
    parseDotEnv(text, ".env");
  } catch (error) {
    if (error instanceof PosternError) return error;
    throw error;
  }
  throw new Error("the text was taken");
}

describe("a .env file", () => {
  test.each<[string, string, Record<string, string>]>([
    ["nothing", "", {}],
    ["blank lines and comments", "\n  \n# A=1\n\t# B=2", {}],
    ["a bare value", "A=one", { A: "one" }],
    ["export, and spaces around the sign", "  export\tA = one two  \nB =x", { A: "one two", B: "x" }],
    [
      "a value with signs of its own",
      "A=postgres://u:p@h/d?x=1&y=$Z\\n",
      { A: "postgres://u:p@h/d?x=1&y=$Z\\n" },
    ],
    ["quotes within a bare value", `A=it's "so"`, { A: `it's "so"` }],
    ["a comment behind a bare value", "A=one # two\nB= # nothing", { A: "one", B: "" }],
    ["empty values", `A=\nB=""\nC=''`, { A: "", B: "", C: "" }],
    ["double quotes", `A="one # two" # three`, { A: "one # two" }],
    ["escapes in double quotes", 'A="\\n\\r\\t\\\\\\"\\$\\`"', { A: '\n\r\t\\"$`' }],
    ["a line that goes on in double quotes", 'A="one \\\ntwo"', { A: "one two" }],
    ["single quotes, as they stand", String.raw`A='a\n"$B#'`, { A: String.raw`a\n"$B#` }],
    ["backticks", 'A=`it\'s "so"`', { A: `it's "so"` }],
    ["several lines", "A=\"one\ntwo\n\"\nB='three\n\nfour'", { A: "one\ntwo\n", B: "three\n\nfour" }],
    ["a byte order mark and CRLF", '\uFEFFA=1\r\nB="x\r\ny"\r\nC=3\r\n', { A: "1", B: "x\ny", C: "3" }],
    ["line ends of old", "A=1\rB=2", { A: "1", B: "2" }],
    ["no line end at the end", "A='1'", { A: "1" }],
    ["characters beyond ASCII", "A=grün🌿", { A: "grün🌿" }],
    [
      "names that objects have anyway",
      "__proto__=1\nconstructor=2",
      JSON.parse('{"__proto__":"1","constructor":"2"}'),
    ],
  ])("may have %s", (_name, text, values) => expect(read(text)).toEqual(values));

  test.each([
    ["a line without a sign", "A=1\njust text", 2, /neither NAME=value/],
    ["a name in quotes", '"A"=1', 1, /neither NAME=value/],
    ["nothing before the sign", "=1", 1, /neither NAME=value/],
    ["a name with a dash", "A-B=1", 1, /cannot be a variable's name/],
    ["a name with a digit first", "1A=1", 1, /cannot be a variable's name/],
    ["the same name twice", "A=1\nB='x\ny'\nA=2", 4, /A is set already on line 1/],
    ["a quote that is never closed", "A=1\nB='two\nthree\n", 2, /never closed/],
    ["text behind a closing quote", `A="1"x`, 1, /follows its closing quote/],
    ["two values in quotes", `A='1' '2'`, 1, /follows its closing quote/],
    ["an unknown escape", String.raw`A="C:\dir"`, 1, /no known escape/],
    ["a # in a bare value", "A=pass#word", 1, /take for a comment/],
    ["a # at a bare value's beginning", "A=#fff", 1, /take for a comment/],
    ["a zero byte", "A='\0'", 1, /zero byte/],
  ])("must not have %s, and the line is named", (_name, text, line, reason) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: "env_file_invalid" });
    expect(error.message).toMatch(reason);
    expect(error.message).toContain(`.env, line ${line}: `);
  });

  test("is quoted by no error", () => {
    const secret = "canary-dotenv-5d0c7be2";
    for (const text of [
      secret,
      `${secret}=`,
      `A='${secret}`,
      `A="\\x${secret}"`,
      `A=${secret}#`,
      `A='1'${secret}`,
    ])
      expect(`${refusal(text).message} ${refusal(text).hint}`).not.toContain(secret);
  });

  const values = fc.dictionary(
    fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/),
    fc.string({ unit: "grapheme" }).map((value) => value.replaceAll(/[\0\r]/g, "")),
  );
  test("gives back whatever was written into it in double quotes", () => {
    const quoted = (value: string): string => `"${value.replaceAll(/[\\"$`]/g, "\\$&")}"`;
    fc.assert(
      fc.property(values, fc.constantFrom("\n", "\r\n"), (given, end) => {
        const lines = Object.entries(given).map(([name, value]) => `${name}=${quoted(value)}`);
        expect(read(lines.join(end))).toEqual({ ...given });
      }),
    );
  });

  test("in single quotes means what it means to a shell", () => {
    const given = { A: 'a "b" $c \\n # d', B: "one\ntwo" };
    const text = Object.entries(given)
      .map(([name, value]) => `export ${name}='${value}'`)
      .join("\n");
    expect(read(text)).toEqual(given);
    expect(tool("sh", ["-c", `${text}\nprintf '%s|%s' "$A" "$B"`])).toBe(`${given.A}|${given.B}`);
  });

  test("is read or refused with its line, whatever it holds", () => {
    const piece = fc.constantFrom(..."AB=='\"`\\\n\r\t #$\0é\uFEFF".split(""), "export ", "A=", '="', "\\n");
    const noise = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 200 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(noise, (text) => {
        try {
          for (const { variable, line } of parseDotEnv(text, ".env")) {
            expect(variable).toMatch(/^[A-Za-z_]\w*$/);
            expect(text.split(/\r\n?|\n/)[line - 1]).toContain(variable);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: "env_file_invalid" });
        }
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["comments", "#\n".repeat(500_000)],
    ["variables", Array.from({ length: 60_000 }, (_, at) => `A${at}=x`).join("\n")],
    ["spaces", `A=${" ".repeat(1_000_000)}`],
    ["a name without end", "A".repeat(1_000_000)],
    ["a quoted value", `A="${"\\\\".repeat(500_000)}"`],
    ["signs of comments", `A=${" #".repeat(500_000)}`],
  ])("of a megabyte of %s is read in one go", (_name, text) => {
    const start = process.cpuUsage().user;
    try {
      parseDotEnv(text, ".env");
    } catch (error) {
      expect(error).toBeInstanceOf(PosternError);
    }
    expect(process.cpuUsage().user - start).toBeLessThan(10_000_000);
  });
});
