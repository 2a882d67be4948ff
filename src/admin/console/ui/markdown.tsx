import { type ComponentChildren, type VNode, createElement, Fragment } from "preact";
import { useRef } from "preact/hooks";
import type { MarkedToken, Token, Tokens } from "marked";
import { Code } from "./code.tsx";
import { type Read, read, unread } from "./markdown-blocks.ts";
import "./markdown.css";

/** How deep quotes and lists may stand in each other; what is deeper is shown as it was written. */
const mostDeep = 12;

/** The page has the headings of the first two ranks: its own, and that of the section that this stands in. */
const shiftedBy = 2;

const protocols = new Set(["http:", "https:", "mailto:"]);

/**
 * Shows Markdown that anybody may have written. No HTML is ever made of it: what it says becomes elements of the few
 * kinds below, and everything else, HTML above all, becomes text.
 */
export function Markdown({ text }: { readonly text: string }) {
  const last = useRef<{ readonly read: Read; readonly shown: readonly VNode[] }>({ read: unread, shown: [] });
  const now = read(text, last.current.read);
  // Preact passes over an element that it has seen before, so blocks that are the same cost nothing again.
  const shown = now.blocks.map((block, index) => {
    const same = last.current.read.blocks[index] === block ? last.current.shown[index] : undefined;
    return same ?? <Fragment key={index}>{blockOf(block, 0)}</Fragment>;
  });
  last.current = { read: now, shown };
  return (
    <div class="markdown" dir="auto">
      {shown}
    </div>
  );
}

type Inline = "br" | "checkbox" | "codespan" | "del" | "em" | "escape" | "image" | "link" | "strong";
type InlineToken = Extract<MarkedToken, { readonly type: Inline | "html" | "text" }>;
type BlockToken = Exclude<MarkedToken, { readonly type: Inline | "list_item" }>;

const blocksOf = (tokens: readonly Token[], depth: number): ComponentChildren =>
  tokens.map((token) => blockOf(token, depth));
const inlinesOf = (tokens: readonly Token[] | undefined, depth: number): ComponentChildren =>
  tokens?.map((token) => inlineOf(token, depth));

function blockOf(token: Token, depth: number): ComponentChildren {
  if (depth > mostDeep) return <p>{token.raw}</p>;
  const known = token as BlockToken;
  switch (known.type) {
    case "space":
    case "def":
      return null;
    case "code":
      return <Code text={known.text} />;
    case "heading":
      return createElement(`h${Math.min(known.depth + shiftedBy, 6)}`, null, inlinesOf(known.tokens, depth));
    case "hr":
      return <hr />;
    case "blockquote":
      return <blockquote>{blocksOf(known.tokens, depth + 1)}</blockquote>;
    case "list":
      return listOf(known, depth);
    case "table":
      return tableOf(known, depth);
    case "paragraph":
      return <p>{inlinesOf(known.tokens, depth)}</p>;
    case "text":
      return known.tokens === undefined ? <p>{known.text}</p> : <p>{inlinesOf(known.tokens, depth)}</p>;
    case "html":
    default:
      // Whatever a later Markdown knows is text as well.
      return <p class="markdown-raw">{token.raw}</p>;
  }
}

function listOf({ ordered, start, loose, items }: Tokens.List, depth: number): VNode {
  const entries = items.map(({ tokens }) => (
    <li>
      {tokens.map((token) =>
        !loose && token.type === "text" ? inlinesOf(tokensIn(token), depth) : itemPart(token, depth + 1),
      )}
    </li>
  ));
  return ordered ? <ol start={start === "" ? 1 : start}>{entries}</ol> : <ul>{entries}</ul>;
}

const itemPart = (token: Token, depth: number): ComponentChildren =>
  token.type === "checkbox" ? inlineOf(token, depth) : blockOf(token, depth);

function tableOf({ header, align, rows }: Tokens.Table, depth: number): VNode {
  const cell = (Cell: "th" | "td", { tokens }: Tokens.TableCell, index: number): VNode => (
    <Cell class={`align-${align[index] ?? "start"}`}>{inlinesOf(tokens, depth)}</Cell>
  );
  return (
    // It may be wider than the page, and a keyboard must be able to move it too.
    <div class="markdown-table" tabIndex={0} role="region" aria-label="table">
      <table>
        <thead>
          <tr>{header.map((one, index) => cell("th", one, index))}</tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>{row.map((one, index) => cell("td", one, index))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inlineOf(token: Token, depth: number): ComponentChildren {
  if (depth > mostDeep) return token.raw;
  const known = token as InlineToken;
  switch (known.type) {
    case "text":
      return known.tokens === undefined ? known.text : inlinesOf(known.tokens, depth);
    case "escape":
      return known.text;
    case "strong":
      return <strong>{inlinesOf(known.tokens, depth + 1)}</strong>;
    case "em":
      return <em>{inlinesOf(known.tokens, depth + 1)}</em>;
    case "del":
      return <del>{inlinesOf(known.tokens, depth + 1)}</del>;
    case "codespan":
      return <code>{known.text}</code>;
    case "br":
      return <br />;
    case "checkbox":
      return (
        <input
          type="checkbox"
          checked={known.checked}
          disabled
          aria-label={known.checked ? "done" : "to do"}
        />
      );
    case "link":
      return linkOf(known, depth);
    case "image":
      // It is not fetched: that would tell its server who reads this.
      return <span class="markdown-image">{`[image: ${known.text} ${known.href}]`}</span>;
    case "html":
    default:
      return token.raw;
  }
}

function linkOf({ href, raw, tokens }: Tokens.Link, depth: number): ComponentChildren {
  const address = URL.parse(href);
  if (address === null || !protocols.has(address.protocol)) return raw;
  return (
    <a href={address.href} title={address.href} rel="noopener noreferrer" target="_blank">
      {inlinesOf(tokens, depth + 1)}
    </a>
  );
}

const tokensIn = (token: Token): readonly Token[] =>
  "tokens" in token && token.tokens !== undefined
    ? token.tokens
    : [{ type: "text", raw: token.raw, text: token.raw }];
