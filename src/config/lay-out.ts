import { Document, visit } from "yaml";

/** Not `trimEnd`: it takes spaces that YAML knows as letters, such as U+00A0, off the last value. */
const withoutLineEnd = (text: string): string => text.replace(/\n$/, "");

/** YAML in block style, with lists in brackets, indented by `indent` columns. */
export function block(data: object, indent: number, end: string): string {
  const document = new Document(data);
  visit(document, { Seq: (_, node) => void (node.flow = true) });
  return withoutLineEnd(document.toString({ lineWidth: 0, flowCollectionPadding: false }))
    .split("\n")
    .map((line) => `${" ".repeat(indent)}${line}${end}`)
    .join("");
}

/** A value on one line, as it may stand in block style and within brackets and braces. */
export function inline(value: unknown): string {
  const document = new Document([value]);
  visit(document, { Collection: (_, node) => void (node.flow = true) });
  return withoutLineEnd(document.toString({ lineWidth: 0, flowCollectionPadding: false })).slice(1, -1);
}
