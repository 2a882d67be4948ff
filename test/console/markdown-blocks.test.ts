import type { Tokens } from "marked";
import { expect, test } from "vitest";
import { type Read, read, unread } from "../../src/admin/console/ui/markdown-blocks.ts";

const ranksIn = ({ blocks }: Read): readonly number[] =>
  blocks.filter((block): block is Tokens.Heading => block.type === "heading").map(({ depth }) => depth);

test.each([
  ["## two\n\n### three\n", [1, 2]],
  ["# one\n\n#### four\n\n## two\n\n#### four\n", [1, 2, 2, 3]],
  ["> ## quoted\n\n## two\n", [2]],
])("no heading of %j skips a rank", (text, ranks) => expect(ranksIn(read(text))).toEqual(ranks));

test("headings have the same ranks when their text comes in pieces", () => {
  const text = "## two\n\ntext\n\n#### four\n\n- # listed\n\n### three\n\nend\n";
  let pieces = unread;
  for (let end = 1; end <= text.length; end += 1) pieces = read(text.slice(0, end), pieces);
  expect(ranksIn(pieces)).toEqual(ranksIn(read(text)));
});
