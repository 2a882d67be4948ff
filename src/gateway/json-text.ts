const plain = /^[ !#-[\]-~]*$/;

/** Whether a text stands for itself in a JSON string: most do, and need neither be escaped nor parsed. */
export const standsForItself = (text: string): boolean => plain.test(text);
