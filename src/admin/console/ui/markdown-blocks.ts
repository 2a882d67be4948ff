import { Lexer, type Token, type Tokens, type TokensList } from "marked";

/** A run of inline Markdown longer than this is shown as it stands: some of it takes the square of its length to read. */
const mostInline = 10_000;

/** Markdown that was read, in blocks as they follow each other. */
export interface Read {
  readonly text: string;
  readonly blocks: readonly Token[];
  /** The addresses that the text defines for its links. */
  readonly links: TokensList["links"];
}

export const unread: Read = { text: "", blocks: [], links: {} };

/**
 * Reads Markdown. A text that goes on from one that was read before keeps that one's blocks, the very same objects, but
 * for the last, which the new text may change: a long answer is read once while it streams, and not at every word.
 */
export function read(text: string, before: Read = unread): Read {
  const goesOn = before.blocks.length > 0 && text.startsWith(before.text);
  const kept = goesOn
    ? before.blocks.slice(
        0,
        before.blocks.findLastIndex(({ type }) => type !== "space"),
      )
    : [];
  const start = kept.reduce((sum, { raw }) => sum + raw.length, 0);
  const above = headingsIn(kept).at(-1)?.depth ?? 0;
  const { blocks, links } = lex(text.slice(start), kept.length > 0 ? before.links : {}, above);
  return { text, blocks: [...kept, ...blocks], links };
}

function lex(text: string, known: Read["links"], above: number): Pick<Read, "blocks" | "links"> {
  const lexer = new Lexer({ gfm: true });
  Object.assign(lexer.tokens.links, known);
  try {
    lexer.blockTokens(text, lexer.tokens);
    for (const { src, tokens } of lexer.inlineQueue)
      if (src.length > mostInline) tokens.push({ type: "text", raw: src, text: src });
      else lexer.inlineTokens(src, tokens);
    skipNoRank(lexer.tokens, above);
    return { blocks: lexer.tokens, links: lexer.tokens.links };
  } catch {
    // Quotes within quotes by the thousand exhaust the stack.
    return { blocks: [{ type: "text", raw: text, text }], links: known };
  }
}

/** Lets each heading stand at most one rank below the one before it: an outline with gaps is hard to listen to. */
function skipNoRank(blocks: readonly Token[], above: number): void {
  let rank = above;
  for (const heading of headingsIn(blocks)) rank = heading.depth = Math.min(heading.depth, rank + 1);
}

/** The headings of these blocks in their order, those within quotes and lists too. */
const headingsIn = (tokens: readonly Token[]): readonly Tokens.Heading[] =>
  tokens.flatMap((token) => {
    if (token.type === "heading") return [token as Tokens.Heading];
    if (token.type === "list") return headingsIn((token as Tokens.List).items);
    return token.type === "blockquote" || token.type === "list_item"
      ? headingsIn((token as Tokens.Blockquote).tokens)
      : [];
  });
