import { isAlias, isCollection, isScalar, visit } from "yaml";
import type { Document, Node, YAMLError } from "yaml";
import type { Span } from "./excerpt.ts";

/** What is wrong with a place of the text, before it is looked at as a configuration. */
export interface Fault {
  readonly span: Span;
  readonly wrong: string;
  readonly wayOut: string;
}

/** After these many, the errors of the YAML parser only follow from the first ones. */
const mostFaults = 10;

/** What the YAML parser and its rules for names found wrong, one for each line. */
export function faultsOf(document: Document, text: string): readonly Fault[] {
  const errors = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const found = errors.length > 0 ? errors.map((error) => faultOf(error, text)) : misplacedNames(document);
  const lines = new Set<number>();
  return found
    .filter(({ span }) => {
      const line = text.lastIndexOf("\n", span.start - 1);
      return !lines.has(line) && lines.add(line);
    })
    .slice(0, mostFaults);
}

function faultOf(error: YAMLError, text: string): Fault {
  const [start] = error.pos;
  // The parser points at a key's first character only.
  const end =
    error.code === "DUPLICATE_KEY"
      ? start + (/^[^:\s]+/.exec(text.slice(start, start + 1024))?.[0].length ?? 1)
      : error.pos[1];
  const [wrong, wayOut] = inOurWords(error, text.slice(start, end));
  return { span: { start, end }, wrong, wayOut };
}

/** Where a node stands in the text. */
export function spanOf(node: unknown): Span | undefined {
  const range = (node as Node | null | undefined)?.range;
  return range ? { start: range[0], end: range[1] } : undefined;
}

/** Names that YAML accepts and that would not arrive as they are written. */
function misplacedNames(document: Document): Fault[] {
  const found: Fault[] = [];
  const anchors = new Set<string>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      if (!anchors.has(node.source))
        found.push({
          span: spanOf(node) ?? { start: 0, end: 0 },
          wrong: `the alias *${node.source} names no anchor above it`,
          wayOut: "put quotes around text that begins with *",
        });
    } else if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchors.add(node.anchor);
    // YAML's own tags make other things of maps and lists: of !!set, something that passes for a map without keys.
    if ((isScalar(node) || isCollection(node)) && node.tag !== undefined)
      found.push({
        span: spanOf(node) ?? { start: 0, end: 0 },
        wrong: `the tag ${node.tag.replace(/^tag:yaml\.org,2002:/, "!!")} is not taken`,
        wayOut: "remove it, or put quotes around text that begins with !",
      });
    // JavaScript's own name for an object's prototype: it would vanish from the data.
    if (isScalar(node) && node.value === "__proto__")
      found.push({
        span: spanOf(node) ?? { start: 0, end: 0 },
        wrong: '"__proto__" cannot be a name here',
        wayOut: "choose another name",
      });
  });
  return found;
}

/** The YAML parser's common errors in this project's words: the message and the way out. */
const words: Partial<Record<YAMLError["code"], (found: string) => readonly [wrong: string, wayOut: string]>> =
  {
    DUPLICATE_KEY: (found) => [`the key "${found}" stands here a second time`, "keep one of the two"],
    TAB_AS_INDENT: () => ["a tab is used as indentation", "indent with spaces"],
    MULTIPLE_DOCS: () => [
      "a second document begins here",
      "keep one: remove the line --- and what belongs to the other",
    ],
    RESOURCE_EXHAUSTION: () => ["lists or maps are nested too deeply", "no key needs more than four levels"],
    TAG_RESOLVE_FAILED: (found) => [
      `the tag ${found.trim()} is not known`,
      "remove it, or put quotes around text that begins with !",
    ],
    NON_STRING_KEY: () => ["a list or map stands where a key belongs", "write the key as plain text"],
    BLOCK_AS_IMPLICIT_KEY: () => [
      "a second key stands on the same line",
      "put each key on a line of its own, and quotes around text with a colon",
    ],
    BAD_SCALAR_START: () => ["text cannot begin with this character in YAML", "put quotes around it"],
  };

function inOurWords({ code, message }: YAMLError, found: string): readonly [wrong: string, wayOut: string] {
  const known = words[code]?.(found);
  if (known !== undefined) return known;
  const [first = "this is not YAML"] = message.split("\n", 1);
  return [
    `${first.charAt(0).toLowerCase()}${first.slice(1)}`,
    "check this line's indentation, quotes and brackets, and those of the line before",
  ];
}
