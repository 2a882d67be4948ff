/** The text without its code, in which links and headings mean nothing. */
const prose = (text: string): string => text.replaceAll(/^(```+)[^]*?^\1$/gm, "");

/** The links of a Markdown text that lead into the repository: relative paths, with their anchors. */
export function links(text: string): string[] {
  const inline = /\]\((?:<([^>]+)>|([^)\s]+))(?:\s+"[^"]*")?\)|^\[[^\]]+\]:\s+(\S+)/gm;
  return [
    ...prose(text)
      .replaceAll(/`[^`\n]*`/g, "")
      .matchAll(inline),
  ]
    .map(([, angled, plain, reference]) => angled ?? plain ?? reference ?? "")
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target));
}

/** The anchors that GitHub makes of the headings: lower case, blanks as dashes, a number at each repetition. */
export function anchors(text: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)].map(([, heading = ""]) => {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}
