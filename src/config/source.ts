import { isAlias, isCollection, isMap, isScalar, isSeq, parseDocument } from "yaml";
import type { Document } from "yaml";
import { type Span, Text } from "./excerpt.ts";
import { faultsOf, spanOf } from "./faults.ts";
import type { Problem } from "./problem.ts";

/** A place in the file: keys and list indexes from the root. */
export type Path = readonly (string | number)[];

/** A configuration of a person's own making stays far below; more is a mistake or an attack. */
export const largestSourceBytes = 1024 * 1024;

/** Aliases may repeat a few maps, and not blow up to gigabytes ("billion laughs"). */
const maxAliasCount = 100;

/** The YAML text of a configuration: its data, and where in the text each key and value stands. */
export class Source {
  readonly file: string;
  readonly data: unknown;
  readonly #text: Text;
  readonly #document: Document;
  /** The data with its maps as Map: an object puts names of digits alone before all others. */
  readonly #inOrder: unknown;

  private constructor(text: Text, document: Document, data: unknown) {
    this.file = text.file;
    this.data = data;
    this.#text = text;
    this.#document = document;
    this.#inOrder = document.toJS({ maxAliasCount, mapAsMap: true });
  }

  /** Reads YAML text, or returns what is wrong with it as YAML. */
  static read(written: string, file: string): Source | readonly Problem[] {
    const content = written.replace(/^\uFEFF/, "");
    const text = new Text(content, file);
    const whole = text.at.bind(text, { start: 0, end: 0 }, []);
    if (Buffer.byteLength(content) > largestSourceBytes)
      return [whole("the file is larger than 1 MiB", "keep the configuration alone in it")];
    const odd = content.search(/[\0\uFFFD]/);
    if (odd >= 0)
      return [
        text.at(
          { start: odd, end: odd + 1 },
          [],
          "found a byte that is not UTF-8 text",
          "save the file as UTF-8",
        ),
      ];
    const document = parseDocument(content, {
      lineCounter: text.lines,
      prettyErrors: false,
      stringKeys: true,
    });
    const faults = faultsOf(document, content);
    if (faults.length > 0) return faults.map(({ span, wrong, wayOut }) => text.at(span, [], wrong, wayOut));
    try {
      const data: unknown = document.toJS({ maxAliasCount });
      if (data === null || data === undefined) return new Source(text, document, {});
      if (isMap(document.contents)) return new Source(text, document, data);
      // The text is not shown: it may be another file altogether, a token's or an identity.
      return [
        whole("the file's root is not a map", 'write keys and values, such as "vault: file:vault.age"', true),
      ];
    } catch {
      // The only thing that toJS throws for a document without errors.
      return [whole("aliases (*name) repeat too much content", "write the values out instead")];
    }
  }

  /** A problem with the value at `path`, or with the nearest place above it that the file has. */
  at(path: Path, message: string, wayOut: string): Problem {
    const found = this.#find(path);
    return this.#text.at(found.span, path, message, wayOut);
  }

  /** The same, without showing the value: a secret may have been written there by mistake. */
  atHidden(path: Path, message: string, wayOut: string): Problem {
    const found = this.#find(path);
    return this.#text.at(found.key ?? found.span, path, message, wayOut, true);
  }

  /** The keys of the map at `path` in the order of the file, right or wrong; none where there is no map. */
  keysAt(path: Path): readonly string[] {
    const step = (map: unknown, key: string | number): unknown =>
      map instanceof Map ? map.get(key) : undefined;
    const at = path.reduce(step, this.#inOrder);
    return at instanceof Map ? [...at.keys()].map(String) : [];
  }

  #find(path: Path): { span: Span; key: Span | undefined } {
    let node: unknown = this.#document.contents;
    let found: { span: Span; key: Span | undefined } = { span: { start: 0, end: 0 }, key: undefined };
    for (const step of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (pair === undefined) break;
        const key = spanOf(pair.key) ?? found.span;
        const value = spanOf(pair.value);
        found = {
          span: value !== undefined && isShort(pair.value) && this.#text.oneLine(value) ? value : key,
          key,
        };
        node = pair.value;
      } else if (isSeq(node)) {
        const item = node.items[Number(step)];
        const span = spanOf(item);
        if (span !== undefined) found = { span, key: span };
        node = item;
      } else break;
    }
    return found;
  }
}

/** Whether a value is best pointed at itself; a block of several keys, or an empty place, is pointed at by its key. */
function isShort(node: unknown): boolean {
  if (isScalar(node)) return node.value !== null;
  return isAlias(node) || (isCollection(node) && node.flow === true);
}
