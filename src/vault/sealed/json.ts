/** The value of a JSON text; undefined, which fits no schema, where it is none: a parser's own message would quote it. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
