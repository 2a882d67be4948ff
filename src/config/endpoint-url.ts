import { isLoopback } from "./address.ts";
import type { Reading, Wrong } from "./reading.ts";

/** Operations under a base path, the longest first: a url that ends in one names a request, not a base. */
const operations = ["/chat/completions", "/completions", "/embeddings", "/responses", "/messages", "/models"];

const example = "https://private-2.example.com/openai/v1";

/**
 * Reads an endpoint's base URL. A bare host gets `https://` before it, as consoles show hosts without a scheme;
 * `//` in the path is folded and a slash at its end dropped. The text is checked before `URL` sees it, because `URL`
 * mends silently what must not be sent a credential: backslashes, dot segments, tabs, user names.
 */
export function parseEndpointUrl(found: string): Reading<{ origin: string; basePath: string }> {
  const wrong = faultOf(found);
  if (wrong !== undefined) return wrong;
  const scheme = /^(?<scheme>[a-z][a-z\d+.-]*):\/\//i.exec(found)?.groups?.["scheme"];
  const text = scheme === undefined ? `https://${found}` : found;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { wrong: `found "${found}", which is not a URL`, wayOut: `write it as in ${example}` };
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    return { wrong: `found the scheme ${url.protocol}; wanted https:`, wayOut: `write it as in ${example}` };
  if (url.protocol === "http:" && !isLoopback(url.hostname))
    return {
      wrong: `found http: to ${url.hostname}; a credential would cross the network in clear`,
      wayOut: "write https://; http: is taken only to this machine itself (127.0.0.1, [::1], localhost)",
    };
  const basePath = url.pathname.replaceAll(/\/{2,}/g, "/").replace(/\/$/, "");
  const operation = operations.find((end) => basePath.endsWith(end));
  if (operation !== undefined) {
    const base = `${url.origin}${basePath.slice(0, -operation.length)}`;
    return {
      wrong: `found a url that ends in ${operation}; wanted the base that stands before it`,
      wayOut: `write ${base}`,
    };
  }
  return { value: { origin: url.origin, basePath } };
}

function faultOf(found: string): Wrong | undefined {
  const wayOut = `write it as in ${example}`;
  if (found.trim() === "") return { wrong: "the url is empty", wayOut };
  if (/^([a-z][a-z\d+.-]*:)?(\/\/)?[^/?#]*@/i.test(found))
    return {
      wrong: "found a user name or password in the url",
      wayOut: "remove the part before @; credentials belong in the vault: postern vault add",
      hidden: true,
    };
  if (/[\s\p{Cc}]/u.test(found)) return { wrong: "found a space or control character in the url", wayOut };
  if (found.includes("\\")) return { wrong: "found a backslash in the url", wayOut: "write / for each \\" };
  if (/[?#]/.test(found))
    return { wrong: "found a query or fragment in the url", wayOut: "remove what begins with ? or #" };
  if (/^https?:(?!\/\/)/i.test(found)) return { wrong: "found a url without // after its scheme", wayOut };
  if (/\/(\.|%2e){1,2}(\/|$)/i.test(found))
    return { wrong: "found a dot segment (/. or /..) in the url", wayOut: "write the path that it leads to" };
  return undefined;
}
