/** In the spelling in which most clients and servers send them; the others send them in lower case. */
const common = [
  "Accept",
  "Accept-Encoding",
  "Accept-Language",
  "Authorization",
  "Cache-Control",
  "Connection",
  "Content-Length",
  "Content-Type",
  "Date",
  "Host",
  "Keep-Alive",
  "Origin",
  "Server",
  "Transfer-Encoding",
  "User-Agent",
  "Vary",
  "X-Request-Id",
] as const;

const lowerCase: ReadonlyMap<string, string> = new Map(
  common.flatMap((name) =>
    [name, name.toLowerCase()].map((spelled) => [spelled, name.toLowerCase()] as const),
  ),
);

/**
 * A header's name as rules compare it: names are the same in any case (RFC 9110 §5.1). A message's names are compared
 * many times over, and to look one up takes a part of what it takes to make a new text of it.
 */
export const lowerCased = (name: string): string => lowerCase.get(name) ?? name.toLowerCase();

/** In a request `_` counts as `-` as well, since servers that map headers to variables read both alike. */
export const dashed = (name: string): string =>
  name.includes("_") ? lowerCased(name).replaceAll("_", "-") : lowerCased(name);
