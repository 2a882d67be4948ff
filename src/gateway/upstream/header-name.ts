/** A header's name as rules compare it: names are the same in any case (RFC 9110 §5.1). */
export const plain = (name: string): string => name.toLowerCase();

/** In a request `_` counts as `-` as well, since servers that map headers to variables read both alike. */
export const dashed = (name: string): string =>
  name.includes("_") ? plain(name).replaceAll("_", "-") : plain(name);
