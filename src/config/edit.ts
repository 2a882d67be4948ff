import { Document, isAlias, isMap, isScalar, parseDocument, stringify, visit } from "yaml";
import type { Pair, YAMLMap } from "yaml";
import type { EndpointType } from "./config.ts";

/** An endpoint as `postern endpoint add` writes it into the file. */
export interface NewEndpoint {
  readonly url: string;
  readonly type?: EndpointType;
  readonly credentials: readonly string[];
  readonly models?: readonly string[];
  readonly aliases?: Readonly<Record<string, string>>;
  readonly ca?: string;
}

// Edits change only the lines that they are about: every other byte of the file stays, comments and alignment too.
// They take text that parses without problems; whoever writes the result parses it first (see write.ts).

/** A local key as `postern key add` writes it into the file. */
export interface NewKey {
  readonly hash: string;
  readonly endpoints?: readonly string[];
  readonly models?: readonly string[];
  readonly limits?: Readonly<Record<string, number>>;
}

/** Adds an endpoint after the last one. */
export const addEndpoint = (text: string, name: string, endpoint: NewEndpoint): string =>
  addEntry(text, "endpoints", name, endpoint);

/** Removes an endpoint with the lines of its own; comments above it stay. */
export const removeEndpoint = (text: string, name: string): string => removeEntry(text, "endpoints", name);

/** Adds a local key after the last one. */
export const addKey = (text: string, name: string, key: NewKey): string => addEntry(text, "keys", name, key);

/** Removes a local key as an endpoint is removed. The line `keys:` stays: without it, no key would be demanded. */
export const removeKey = (text: string, name: string): string => removeEntry(text, "keys", name);

type Section = "endpoints" | "keys";

function addEntry(text: string, section: Section, name: string, value: object): string {
  const document = parseDocument(text, { stringKeys: true });
  const pair = sectionPair(document, section);
  const end = text.includes("\r\n") ? "\r\n" : "\n";
  const entry = { [name]: value };
  if (pair === undefined) return `${withLineEnd(text, end)}${block({ [section]: entry }, 0, end)}`;
  const map = pair.value;
  if (isMap(map) && map.items.length > 0 && map.flow !== true) {
    const first = map.items[0];
    const indent = first === undefined ? 2 : columnOf(text, startOf(first));
    const at = endOfEntry(text, map.items.at(-1));
    return `${withLineEnd(text.slice(0, at), end)}${block(entry, indent, end)}${text.slice(at)}`;
  }
  if (isMap(map) && map.items.length > 0) {
    // A map in braces has no lines of its own to keep: the library writes the file anew, with its comments.
    document.setIn([section, name], document.createNode(value, { flow: true }));
    return document.toString({ lineWidth: 0 });
  }
  // The section's key with nothing, or with {}: the value goes, and the entry comes on the lines below the key.
  const key = endOfKey(pair, text);
  const [from = key, to = key] = (isMap(map) || isScalar(map)) && map.range ? map.range : [];
  const at = lineAfter(text, to);
  const before = to > from ? text.slice(0, from).trimEnd() : text.slice(0, from);
  const head = `${before}${text.slice(to, at)}`.trimEnd();
  return `${head}${end}${block(entry, 2, end)}${text.slice(at)}`;
}

function removeEntry(text: string, section: Section, name: string): string {
  const document = parseDocument(text, { stringKeys: true });
  const map = sectionPair(document, section)?.value;
  const pair = isMap(map) ? pairNamed(map, name) : undefined;
  if (!isMap(map) || pair === undefined) return text;
  if (map.flow === true) {
    document.deleteIn([section, name]);
    return document.toString({ lineWidth: 0 });
  }
  return text.slice(0, lineStart(text, startOf(pair))) + text.slice(endOfEntry(text, pair));
}

/** Puts the item name `to` wherever an endpoint's credentials name `from`. */
export function renameCredential(text: string, from: string, to: string): string {
  const document = parseDocument(text, { stringKeys: true });
  const map = sectionPair(document, "endpoints")?.value;
  const spots = new Map<number, number>();
  for (const { value } of isMap(map) ? map.items : []) {
    const endpoint = resolved(document, value);
    const credentials = resolved(
      document,
      isMap(endpoint) ? pairNamed(endpoint, "credentials")?.value : undefined,
    );
    for (const node of itemsOf(credentials)) {
      const scalar = resolved(document, node);
      if (isScalar(scalar) && scalar.value === from && scalar.range)
        spots.set(scalar.range[0], scalar.range[1]);
    }
  }
  // From the last to the first, so that the earlier offsets stay right.
  return [...spots]
    .toSorted(([a], [b]) => b - a)
    .reduce((rest, [start, end]) => rest.slice(0, start) + stringify(to).trimEnd() + rest.slice(end), text);
}

function sectionPair(document: Document, section: Section): Pair | undefined {
  return isMap(document.contents) ? pairNamed(document.contents, section) : undefined;
}

function pairNamed(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function itemsOf(node: unknown): readonly unknown[] {
  if (isScalar(node)) return [node];
  return typeof node === "object" && node !== null && "items" in node && Array.isArray(node.items)
    ? node.items
    : [];
}

function startOf(pair: Pair): number {
  return isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

function endOfKey(pair: Pair, text: string): number {
  const key = isScalar(pair.key) ? (pair.key.range?.[1] ?? 0) : 0;
  return text.indexOf(":", key) + 1;
}

/** Where the pair's last key or value ends, without the comments below it. */
function endOf(pair: Pair | undefined): number {
  let node: unknown = pair?.value;
  let end = pair === undefined ? 0 : startOf(pair);
  while (node !== null && node !== undefined) {
    const range = (node as { range?: readonly number[] | null }).range;
    const last: Pair | undefined = isMap(node) && node.flow !== true ? node.items.at(-1) : undefined;
    if (last === undefined) return Math.max(end, range?.[1] ?? end);
    end = startOf(last);
    node = last.value;
  }
  return end;
}

/** Where the line after a block entry begins: comments directly below that are indented deeper than its key belong to it. */
function endOfEntry(text: string, pair: Pair | undefined): number {
  const column = pair === undefined ? 0 : columnOf(text, startOf(pair));
  let at = lineAfter(text, endOf(pair));
  for (;;) {
    const line = /^( *)#[^\n]*(\n|$)/.exec(text.slice(at));
    if (line === null || (line[1]?.length ?? 0) <= column) return at;
    at += line[0].length;
  }
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** Where the next line begins, for an offset within a line or just after its line break. */
function lineAfter(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === "\n") return offset;
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

function withLineEnd(text: string, end: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}${end}`;
}

/** YAML in block style, with lists in brackets, indented by `indent` columns. */
function block(data: object, indent: number, end: string): string {
  const document = new Document(data);
  visit(document, { Seq: (_, node) => void (node.flow = true) });
  return document
    .toString({ lineWidth: 0, flowCollectionPadding: false })
    .trimEnd()
    .split("\n")
    .map((line) => `${" ".repeat(indent)}${line}${end}`)
    .join("");
}
