import { type Document, isAlias, isMap, isScalar, type Pair, type YAMLMap } from "yaml";

// Where things stand in the text of a YAML file, for edits that leave all else as it is.

export function pairNamed(map: YAMLMap, name: string): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && key.value === name);
}

export function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

export function itemsOf(node: unknown): readonly unknown[] {
  if (isScalar(node)) return [node];
  return typeof node === "object" && node !== null && "items" in node && Array.isArray(node.items)
    ? node.items
    : [];
}

export function startOf(pair: Pair): number {
  return isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

export function endOfKey(pair: Pair, text: string): number {
  const key = isScalar(pair.key) ? (pair.key.range?.[1] ?? 0) : 0;
  return text.indexOf(":", key) + 1;
}

/** Where the pair's last key or value ends, without the comments below it. */
export function endOf(pair: Pair | undefined): number {
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
export function endOfEntry(text: string, pair: Pair | undefined): number {
  const column = pair === undefined ? 0 : columnOf(text, startOf(pair));
  let at = lineAfter(text, endOf(pair));
  for (;;) {
    const line = /^( *)#[^\n]*(\n|$)/.exec(text.slice(at));
    if (line === null || (line[1]?.length ?? 0) <= column) return at;
    at += line[0].length;
  }
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** Where the next line begins, for an offset within a line or just after its line break. */
export function lineAfter(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === "\n") return offset;
  const end = text.indexOf("\n", offset);
  return end === -1 ? text.length : end + 1;
}

export const lineBreakOf = (text: string): string => (text.includes("\r\n") ? "\r\n" : "\n");

export function withLineEnd(text: string, end: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}${end}`;
}
