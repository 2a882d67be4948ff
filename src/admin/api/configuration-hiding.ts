import type { Problem } from "../../config/problem.ts";

/**
 * The text of a configuration with what its problems hide hidden: a secret that was written there by mistake. Such a
 * line stands as the problem shows it, and the lines that belong to it, indented deeper, are left empty.
 */
export function hidingIn(text: string, problems: readonly Problem[]): string {
  const lines = text.split("\n");
  for (const { line, column, shown } of problems) {
    const written = lines[line - 1] ?? "";
    if (!/[·…]/.test(shown) || written.includes(shown)) continue;
    // Nothing but dots from the first column on: the file is another one altogether.
    if (column === 1 && /^·+$/.test(shown)) return lines.map(() => "…").join("\n");
    const indent = /^[\s-]*/.exec(written)?.[0].length ?? 0;
    lines[line - 1] = shown;
    for (let next = line; isWithin(lines[next], indent); next += 1) lines[next] = "";
  }
  return lines.join("\n");
}

const isWithin = (line: string | undefined, indent: number): boolean =>
  line !== undefined && (line.trim() === "" || line.search(/\S/) > indent);
