import { type Document, isMap, isScalar, parseDocument, stringify } from "yaml";
import type { Pair } from "yaml";
import type { EndpointType } from "./config.ts";
import { block } from "./lay-out.ts";
import {
  columnOf,
  endOfEntry,
  endOfKey,
  itemsOf,
  lineAfter,
  lineBreakOf,
  lineStart,
  pairNamed,
  resolved,
  startOf,
  withLineEnd,
} from "./places.ts";

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
export const addEndpoint = (
  text: string,
  name: string,
  endpoint: NewEndpoint | Readonly<Record<string, unknown>>,
): string => addEntry(text, "endpoints", name, endpoint);

/** Removes an endpoint with the lines of its own; comments above it stay. */
export const removeEndpoint = (text: string, name: string): string => removeEntry(text, "endpoints", name);

/** Adds a local key after the last one. */
export const addKey = (text: string, name: string, key: NewKey): string => addEntry(text, "keys", name, key);

/** Removes a local key as an endpoint is removed. The line `keys:` stays: without it, no key would be demanded. */
export const removeKey = (text: string, name: string): string => removeEntry(text, "keys", name);

type Section = "endpoints" | "keys" | "renew";

function addEntry(text: string, section: Section, name: string, value: object): string {
  const document = parseDocument(text, { stringKeys: true });
  const pair = sectionPair(document, section);
  const end = lineBreakOf(text);
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

/** Puts the item name `to` wherever an endpoint's credentials, or `renew`, name `from`. */
export function renameCredential(text: string, from: string, to: string): string {
  const document = parseDocument(text, { stringKeys: true });
  const map = sectionPair(document, "endpoints")?.value;
  const endpoints = isMap(map) ? map.items.map(({ value }) => resolved(document, value)) : [];
  const lists = [
    ...endpoints.map((endpoint) => (isMap(endpoint) ? pairNamed(endpoint, "credentials")?.value : undefined)),
    sectionPair(document, "renew")?.value,
  ];
  const spots = new Map<number, number>();
  for (const list of lists) {
    for (const node of itemsOf(resolved(document, list))) {
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
