import * as z from "zod";
import { keys, leftOut, type Written } from "./file-keys.ts";
import type { Problem } from "./problem.ts";
import { similar } from "./similar.ts";
import type { Path, Source } from "./source.ts";

type Issue = z.core.$ZodIssue;

/** Words that people write where a secret would stand; the configuration names secrets and never holds one. */
const secretWords = /key|token|secret|passw|authori[sz]ation/i;

/**
 * The file's content in its right shape, and every problem with its shape.
 * What has a problem is left out of the content, so that the rest can still be checked in the same pass.
 */
export function readShape(source: Source): { written: Written; problems: readonly Problem[] } {
  const first = keys.safeParse(source.data, { reportInput: true });
  if (first.success) return { written: first.data, problems: [] };
  const problems = first.error.issues.flatMap((issue) => reportShape(source, issue));
  // No key is required by the shape, so that what is left after this has the right one.
  const rest = first.error.issues.reduce(without, source.data);
  return { written: keys.parse(rest), problems };
}

function reportShape(source: Source, issue: Issue, base: Path = []): readonly Problem[] {
  const path = [...base, ...pathOf(issue)];
  const wayOut = issue.input === null ? emptyWayOut(path) : exampleAt(path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(source, path, key));
  if (issue.code === "invalid_value") {
    const values = issue.values.map(String);
    const near = typeof issue.input === "string" ? similar(issue.input, values) : undefined;
    const message = `found ${found(issue.input)}; wanted one of ${values.join(", ")}`;
    return [source.at(path, message, near === undefined ? wayOut : `did you mean "${near}"?`)];
  }
  if (issue.code === "too_small")
    return [
      source.at(
        path,
        issue.origin === "array" ? "the list is empty; wanted at least one" : "found empty text",
        wayOut,
      ),
    ];
  if (issue.code === "invalid_union") {
    // One or a list: when a list was written, what counts is what is wrong with the list.
    const branch = issue.errors.find(
      (inner) => !inner.some(({ code, path }) => code === "invalid_type" && path.length === 0),
    );
    if (branch !== undefined) return branch.flatMap((inner) => reportShape(source, inner, path));
    return [mistyped(source, path, issue.input, unionWords(issue), wayOut)];
  }
  const wanted = issue.code === "invalid_type" ? typeWords(issue.expected) : issue.message;
  return [mistyped(source, path, issue.input, wanted, wayOut)];
}

/** "write it as in url: https://…", from the schema's own example. */
function exampleAt(path: Path): string {
  const schema = schemaAt(path);
  const examples = schema instanceof z.ZodType ? schema.meta()?.["examples"] : undefined;
  const [example]: readonly unknown[] = Array.isArray(examples) ? examples : [];
  return typeof example === "string"
    ? `write it as in ${path.findLast((step) => typeof step === "string") ?? ""}: ${example}`
    : "look at config/postern.example.yaml";
}

/** For an empty place, such as a list whose lines are all comments: what it would mean to take its key out too. */
function emptyWayOut(path: Path): string {
  const schema = schemaAt(path);
  const allows = schema instanceof z.ZodType ? leftOut.get(schema)?.allows : undefined;
  return `${exampleAt(path)}${allows === undefined ? "" : `, or remove this line, which allows ${allows}`}`;
}

function mistyped(source: Source, path: Path, input: unknown, wanted: string, wayOut: string): Problem {
  // What stands under keys: in another shape may be a key itself.
  if (path[0] === "keys") {
    const what = typeof input === "string" ? "text" : found(input);
    return source.atHidden(path, `found ${what}; wanted ${wanted}`, wayOut);
  }
  const quote = (typeof input === "number" || typeof input === "boolean") && wanted.startsWith("text");
  return source.at(
    path,
    `found ${found(input)}; wanted ${wanted}`,
    quote ? `put it in quotes: "${String(input)}"` : wayOut,
  );
}

function unknownKey(source: Source, path: Path, key: string): Problem {
  const known = knownKeys(path);
  const near = similar(key, known);
  const wayOut =
    near !== undefined
      ? `did you mean "${near}"?`
      : secretWords.test(key)
        ? "a secret belongs in the vault: postern vault add; an endpoint names it under credentials:"
        : `the keys here are ${known.join(", ")}`;
  return source.atHidden([...path, key], `the key "${key.slice(0, 60)}" is not known`, wayOut);
}

/** What was found, in a few words. Text under `credentials` is never shown here: its shape is text already. */
function found(input: unknown): string {
  if (input === null) return "nothing";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object") return "a map";
  return typeof input === "string"
    ? `"${input.slice(0, 60)}"`
    : `the ${typeof input} ${JSON.stringify(input)}`;
}

function typeWords(expected: string): string {
  const known: Record<string, string> = {
    string: "text",
    array: "a list",
    object: "a map of keys and values",
    record: "a map of names and values",
    number: "a number",
    boolean: "true or false",
  };
  return known[expected] ?? expected;
}

function unionWords(issue: z.core.$ZodIssueInvalidUnion): string {
  const expected = issue.errors.flatMap((issues) =>
    issues.flatMap((inner) => (inner.code === "invalid_type" ? [inner.expected] : [])),
  );
  return expected.includes("array")
    ? "text, or a list of texts"
    : 'a quantity with its unit, such as "10s" or "32MiB"';
}

function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
}

/** The part of the schema that describes what stands at `path`. */
function schemaAt(path: Path): z.core.$ZodType | undefined {
  let schema: z.core.$ZodType | undefined = keys;
  for (const step of path) {
    const inner: z.core.$ZodType | undefined = bare(schema);
    if (inner instanceof z.ZodObject) schema = (inner.shape as Record<string, z.core.$ZodType>)[String(step)];
    else if (inner instanceof z.ZodRecord) schema = inner.valueType;
    else return schema;
  }
  return schema;
}

function bare(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable || inner instanceof z.ZodDefault)
    inner = inner.unwrap();
  return inner;
}

function knownKeys(path: Path): readonly string[] {
  const schema = bare(schemaAt(path));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** A copy of `data` without what the issue is about: the unknown keys or the value. */
function without(data: unknown, issue: Issue): unknown {
  if (issue.code === "unrecognized_keys")
    return issue.keys.reduce((rest, key) => removed(rest, [...pathOf(issue), key]), data);
  return removed(data, pathOf(issue));
}

/** A copy without the value at `path`. A list goes as a whole, for the places of its other entries must not move. */
function removed(data: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof data !== "object" || data === null) return {};
  const copy: Record<string, unknown> = { ...(data as Record<string, unknown>) };
  const value = copy[String(step)];
  if (rest.length === 0 || Array.isArray(value) || typeof value !== "object") delete copy[String(step)];
  else copy[String(step)] = removed(value, rest);
  return copy;
}
