/** What is wrong with a place of a configuration file. None of its texts has a control character in it. */
export interface Problem {
  /** Absolute path. */
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** Keys and list indexes from the root; none for the file as a whole. */
  readonly path: readonly (string | number)[];
  /** The path as a person writes it, such as `endpoints.private-2.models[0]`; empty for the file as a whole. */
  readonly key: string;
  readonly message: string;
  /** The line, or the part of it around the place, with what must not be seen hidden. */
  readonly shown: string;
  /** The carets that stand under the place. */
  readonly carets: string;
  readonly wayOut: string;
}

/** The key and what is wrong with it. */
export const said = ({ key, message }: Problem): string => (key === "" ? message : `${key}: ${message}`);

/** `file:line:column: key: message`, the line with carets under the place, and the way out. */
export function printed(problem: Problem): string {
  const { file, line, column, shown, carets, wayOut } = problem;
  return [
    `${file}:${line}:${column}: ${said(problem)}`,
    `${String(line).padStart(5)} | ${shown}`.trimEnd(),
    `      | ${carets}`,
    `      = ${wayOut}`,
  ].join("\n");
}
