/** What structures JSON, in ASCII. */
export const QUOTE = 0x22;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;

/** White space between the tokens of JSON (RFC 8259 §2). */
export const isSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

const plain = /^[ !#-[\]-~]*$/;

/** Whether a text stands for itself in a JSON string: most do, and need neither be escaped nor parsed. */
export const standsForItself = (text: string): boolean => plain.test(text);
