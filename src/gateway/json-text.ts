/** What structures JSON, in ASCII. */
export const QUOTE = 0x22;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;

const plain = /^[ !#-[\]-~]*$/;

/** Whether a text stands for itself in a JSON string: most do, and need neither be escaped nor parsed. */
export const standsForItself = (text: string): boolean => plain.test(text);
