import { isDeepStrictEqual } from "node:util";
import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Pair, YAMLMap, YAMLSeq } from "yaml";
import { block, inline } from "./lay-out.ts";
import {
  columnOf,
  endOf,
  endOfEntry,
  endOfKey,
  lineAfter,
  lineBreakOf,
  lineStart,
  pairNamed,
  startOf,
  withLineEnd,
} from "./places.ts";

type Path = readonly string[];

/**
 * Changes keys of an endpoint that is there: null takes one out. A key that is not named, or says the same already, keeps
 * its lines, and so do the entries of a list or map in lines of its own. Something that others refer to by an anchor
 * (&name) loses the anchor with its value, so that the result is refused rather than that others change too.
 */
export function changeEndpoint(
  text: string,
  name: string,
  changes: Readonly<Record<string, unknown>>,
): string {
  return Object.entries(changes).reduce(
    (rest, [key, value]) => changeKey(rest, ["endpoints", name], key, value),
    text,
  );
}

function changeKey(text: string, path: Path, key: string, value: unknown): string {
  const document = parseDocument(text, { stringKeys: true });
  const map: unknown = document.getIn(path, true);
  if (isAlias(map)) {
    // It was the same as another; from now on it is not.
    const same = dataOf(document, map) as Record<string, unknown>;
    const own = Object.entries({ ...same, [key]: value }).filter(([, value]) => value !== null);
    const [start = 0, end = 0] = map.range ?? [];
    return `${text.slice(0, start)}${inline(Object.fromEntries(own))}${text.slice(end)}`;
  }
  if (!isMap(map)) return text;
  const pair = pairNamed(map, key);
  if (pair === undefined) return value === null ? text : withKey(text, map, key, value);
  if (value === null) return withoutPair(text, map, pair);
  const before = dataOf(document, pair.value);
  // One name, and a list of one, are the same.
  if (isDeepStrictEqual([before].flat(), [value].flat())) return text;
  if (isMap(pair.value) && pair.value.flow !== true && isRecord(value) && Object.keys(value).length > 0) {
    const gone = Object.keys(before as object).filter((key) => !Object.hasOwn(value, key));
    return [...Object.entries(value), ...gone.map((key) => [key, null] as const)].reduce(
      (rest, [inner, value]) => changeKey(rest, [...path, key], inner, value),
      text,
    );
  }
  const list = isSeq(pair.value) && Array.isArray(value) ? changeList(text, pair.value, value) : undefined;
  return list ?? withValue(text, pair, value);
}

/** A new key after the last one of the map. */
function withKey(text: string, map: YAMLMap, key: string, value: unknown): string {
  const last = map.items.at(-1);
  if (map.flow === true) {
    const at = endOf(last);
    return `${text.slice(0, at)}, ${inline({ [key]: value }).slice(1, -1)}${text.slice(at)}`;
  }
  const end = lineBreakOf(text);
  const at = endOfEntry(text, last);
  const column = last === undefined ? 0 : columnOf(text, startOf(last));
  return `${withLineEnd(text.slice(0, at), end)}${block({ [key]: value }, column, end)}${text.slice(at)}`;
}

function withoutPair(text: string, map: YAMLMap, pair: Pair): string {
  if (map.flow !== true)
    return text.slice(0, lineStart(text, startOf(pair))) + text.slice(endOfEntry(text, pair));
  const index = map.items.indexOf(pair);
  const [before, after] = [map.items[index - 1], map.items[index + 1]];
  if (after !== undefined) return text.slice(0, startOf(pair)) + text.slice(startOf(after));
  return text.slice(0, before === undefined ? startOf(pair) : endOf(before)) + text.slice(endOf(pair));
}

/** Another value in the place of a pair's own, on the line of its key; a comment after the key stays. */
function withValue(text: string, pair: Pair, value: unknown): string {
  const key = endOfKey(pair, text);
  const node: unknown = pair.value;
  const [from = key, to = key] =
    isCollection(node) || isScalar(node) || isAlias(node) ? (node.range ?? []) : [];
  if (to <= from) return `${text.slice(0, key)} ${inline(value)}${text.slice(key)}`;
  const between = text.slice(key, from);
  const gap = /^[ \t]+$/.test(between) ? between : " ";
  const comment = /#[^\r\n]*/.exec(between)?.[0];
  const tail = /\r?\n$/.exec(text.slice(from, to))?.[0] ?? "";
  const said = `${gap}${inline(value)}${comment === undefined ? "" : ` ${comment}`}`;
  return `${text.slice(0, key)}${said}${tail}${text.slice(to)}`;
}

/** A list in lines of its own, of which entries go or come at its end; undefined where that is not all. */
function changeList(text: string, list: YAMLSeq, value: readonly unknown[]): string | undefined {
  const entries = list.items.map((item) => ({
    value: isScalar(item) ? item.value : undefined,
    start: isScalar(item) ? (item.range?.[0] ?? 0) : 0,
    end: isScalar(item) ? (item.range?.[1] ?? 0) : 0,
  }));
  const kept = entries.filter((entry) => value.includes(entry.value));
  const last = entries.at(-1);
  const ownLines = entries.every(({ start }) => /^ *- +$/.test(text.slice(lineStart(text, start), start)));
  const inOrder = isDeepStrictEqual(
    kept.map((entry) => entry.value),
    value.slice(0, kept.length),
  );
  if (list.flow === true || !ownLines || !inOrder || kept.length === 0 || last === undefined)
    return undefined;
  const end = lineBreakOf(text);
  const dash = text.slice(lineStart(text, last.start), last.start);
  const added = value.slice(kept.length).map((entry) => `${dash}${inline(entry)}${end}`);
  const at = lineAfter(text, last.end);
  const longer = `${withLineEnd(text.slice(0, at), end)}${added.join("")}${text.slice(at)}`;
  // From the last to the first, so that the earlier offsets stay right.
  return entries
    .filter((entry) => !kept.includes(entry))
    .toReversed()
    .reduce(
      (rest, { start, end }) => rest.slice(0, lineStart(rest, start)) + rest.slice(lineAfter(rest, end)),
      longer,
    );
}

function dataOf(document: Document, node: unknown): unknown {
  return isCollection(node) || isScalar(node) || isAlias(node) ? node.toJS(document) : null;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
