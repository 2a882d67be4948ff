import { problem } from "../errors.ts";
import { Secret } from "../secret.ts";

/** One variable of a `.env` file. */
export interface DotEnvEntry {
  readonly variable: string;
  /** May be empty. */
  readonly value: Secret;
  /** The line of the file on which it begins, from 1. */
  readonly line: number;
}

/** What is wrong with a line, and the way out. The words quote nothing of the file: any of it may be a secret. */
type Fault = readonly [reason: string, fix: string];

const noAssignment: Fault = [
  'it is neither NAME=value nor a comment with "#"',
  "put a value of several lines in quotes, and one variable on a line",
];
const noName: Fault = [
  'what stands before "=" cannot be a variable\'s name',
  "use letters, digits and underscores, no digit first",
];
const zeroByte: Fault = ["it has a zero byte in it, which no environment can hold", "give text"];
const followed: Fault = [
  "something follows its closing quote",
  "put the whole value in one pair of quotes, escaped where needed",
];
const unclosed: Fault = ["its quote is never closed", "close it with the quote that it began with"];
const unknownEscape: Fault = [
  "a backslash in its double quotes begins no known escape",
  "write \\\\ for a backslash, or put the value in single quotes",
];
const unclear: Fault = [
  'it has a "#" in it, which some programs take for a comment',
  "put the value in quotes, or a space before the comment",
];

/** A value, and the offset of its line's end. */
type Reading = { readonly value: string; readonly end: number } | { readonly fault: Fault };

/** A line without a variable, with its end. */
const blank = /[ \t]*(?:#[^\n]*)?(?:\n|$)/;
const head = /[ \t]*(?:export[ \t]+)?([^\s=#'"`]+)[ \t]*=/;
const spaces = /[ \t]*/;
/** Nothing but a comment may follow a closing quote on its line. */
const rest = /[ \t]*(?:#[^\n]*)?(?=\n|$)/;
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\n": "" };
/** After a backslash, these are themselves. */
const escapable = '\\"$`';

/**
 * Reads a `.env` file as the npm package dotenv, docker compose and shells do where they agree; what they read
 * differently is refused with its line rather than guessed (`env_file_invalid`).
 *
 * A line is blank, a comment, or `[export] NAME=value`. A value is bare, to the end of the line or to a ` #`; or in
 * single quotes or backticks, as it stands; or in double quotes, with the escapes \n \r \t \\ \" \$ \`. What is in
 * quotes may have several lines. No `$NAME` is replaced. `source` is named in errors.
 */
export function parseDotEnv(given: string, source: string): readonly DotEnvEntry[] {
  const text = given.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const entries = new Map<string, DotEnvEntry>();
  let line = 1;
  const refuse = ([reason, fix]: Fault) => problem("env_file_invalid", { source, line, reason, fix });
  for (let at = 0; at < text.length;) {
    const afterBlank = matchAt(blank, text, at)?.end;
    if (afterBlank !== undefined) {
      at = afterBlank;
      line += 1;
      continue;
    }
    const found = matchAt(head, text, at);
    const variable = found?.groups[1];
    if (found === undefined || variable === undefined) throw refuse(noAssignment);
    if (!variableName.test(variable)) throw refuse(noName);
    const earlier = entries.get(variable);
    if (earlier !== undefined)
      throw refuse([`${variable} is set already on line ${earlier.line}`, "remove one of them"]);
    const reading = valueAt(text, found.end);
    if ("fault" in reading) throw refuse(reading.fault);
    if (reading.value.includes("\0")) throw refuse(zeroByte);
    entries.set(variable, { variable, value: new Secret(reading.value), line });
    line += text.slice(at, reading.end).split("\n").length;
    at = reading.end + 1;
  }
  return [...entries.values()];
}

/** Reads what stands behind the "=". */
function valueAt(text: string, from: number): Reading {
  const start = matchAt(spaces, text, from)?.end ?? from;
  const quote = text[start];
  if (quote === '"') return closed(text, inDoubleQuotes(text, start + 1));
  if (quote !== "'" && quote !== "`") return bare(text, from);
  const end = text.indexOf(quote, start + 1);
  return end === -1 ? { fault: unclosed } : closed(text, { value: text.slice(start + 1, end), end: end + 1 });
}

function closed(text: string, reading: Reading): Reading {
  if ("fault" in reading) return reading;
  const end = matchAt(rest, text, reading.end)?.end;
  return end === undefined ? { fault: followed } : { value: reading.value, end };
}

function inDoubleQuotes(text: string, from: number): Reading {
  let value = "";
  for (let at = from; at < text.length; at += 1) {
    const next = text[at] ?? "";
    if (next === '"') return { value, end: at + 1 };
    if (next !== "\\") {
      value += next;
      continue;
    }
    at += 1;
    const escaped = text[at] ?? "";
    const meant = escapable.includes(escaped) && escaped !== "" ? escaped : escapes[escaped];
    if (meant === undefined) return { fault: unknownEscape };
    value += meant;
  }
  return { fault: unclosed };
}

function bare(text: string, from: number): Reading {
  const at = text.indexOf("\n", from);
  const end = at === -1 ? text.length : at;
  const [value = ""] = text.slice(from, end).split(/[ \t]#/, 1);
  return value.includes("#") ? { fault: unclear } : { value: value.trim(), end };
}

/** What the pattern matches at this very offset, and the offset behind it. */
function matchAt(
  pattern: RegExp,
  text: string,
  at: number,
): { readonly groups: readonly string[]; readonly end: number } | undefined {
  const sticky = new RegExp(pattern, "y");
  sticky.lastIndex = at;
  const match = sticky.exec(text);
  return match === null ? undefined : { groups: match, end: sticky.lastIndex };
}
