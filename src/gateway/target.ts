import { problem } from "../errors.ts";

/** What a request's target asks for. `path` is what follows the base path: empty, or with a slash first. */
export type Target =
  /** The endpoint is chosen by model, or is the only or the default one. */
  | { readonly by: "model"; readonly path: string; readonly query: string }
  | { readonly by: "endpoint"; readonly endpoint: string; readonly path: string; readonly query: string }
  /** `path` is a path of the endpoint's origin, and not under its base; the local path `at` stands for the origin. */
  | {
      readonly by: "raw";
      readonly endpoint: string;
      readonly at: string;
      readonly path: string;
      readonly query: string;
    };

/** Most targets: segments that need no look at all that follows, and no query. */
const ordinary = /^(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/;

const invalid = (reason: string): Error => problem("request_target_invalid", { reason });

/**
 * Splits the target of a request line into path and query, and refuses what two parsers could take for two different
 * paths. Works on the text alone: `new URL(target, base)` would let `//host` and `/\host` choose another host.
 *
 * @throws PosternError request_target_invalid
 */
function readTarget(target: string): { path: string; query: string } {
  if (ordinary.test(target)) return { path: target, query: "" };
  // RFC 9112 §3.2.2: a server must take the absolute form; its authority has been checked as Host has.
  const origin = target.startsWith("/") ? target : target.replace(/^http:\/\/[^/?#]*/i, "");
  if (!origin.startsWith("/") && !origin.startsWith("?") && !(origin === "" && target !== ""))
    throw invalid("it is neither a path nor an http:// address");
  if (!/^[\x21-\x7e]*$/.test(origin)) throw invalid("it has characters that must be percent-encoded");
  if (origin.includes("#")) throw invalid("it has a fragment");
  const mark = origin.indexOf("?");
  const path = (mark < 0 ? origin : origin.slice(0, mark)).replaceAll(/\/{2,}/g, "/");
  if (path.includes("\\")) throw invalid("it has a backslash");
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) throw invalid("it has a malformed percent-encoding");
  if (/%00/.test(path)) throw invalid("it has a zero byte");
  // Also as servers may read it: encoded dots and slashes decoded, path parameters (";…") cut off.
  const decoded = path.replaceAll(/%2e/gi, ".").replaceAll(/%2f|%5c/gi, "/");
  if (decoded.split("/").some((segment) => /^\.{1,2}(?:;|$)/.test(segment)))
    throw invalid("it has a dot segment");
  return { path: path === "" ? "/" : path, query: mark < 0 ? "" : origin.slice(mark) };
}

/** The authority of an absolute-form target (RFC 9112 §3.2.2), which must be one of our own names. */
export function authorityOf(target: string): string | undefined {
  return /^http:\/\/([^/?#]*)/i.exec(target)?.[1];
}

const under = (path: string, base: string): string | undefined =>
  path === base ? "" : path.startsWith(`${base}/`) ? path.slice(base.length) : undefined;

/** Clients write the base with `/v1`, with `/openai/v1`, or without either. */
const afterBase = (path: string): string =>
  under(path, "/openai/v1") ?? under(path, "/v1") ?? (path === "/" ? "" : path);

/**
 * Maps a request's target to an endpoint, or to the choice by model.
 *
 * @param own the endpoint whose own listener the request came in by
 * @throws PosternError request_target_invalid, endpoint_unknown
 */
export function mapTarget(
  target: string,
  endpoints: ReadonlyMap<string, unknown>,
  own: string | undefined,
): Target {
  const { path, query } = readTarget(target);
  // Browsers ask for it by themselves, even beside a refusal that a page of another site has opened in a window.
  if (path === "/favicon.ico") throw invalid("it is the icon of a web site, and this is none");
  const [, first = "", second] = path.split("/", 3);
  const ofEndpoint = (endpoint: string, rest: string): Target => {
    const raw = under(rest, "/raw");
    const at = own === undefined ? `/${endpoint}/raw` : "/raw";
    if (raw !== undefined) return { by: "raw", endpoint, at, path: raw === "" ? "/" : raw, query };
    return { by: "endpoint", endpoint, path: afterBase(rest), query };
  };
  if (own !== undefined) return ofEndpoint(own, path);
  if (endpoints.has(first)) return ofEndpoint(first, path.slice(first.length + 1));
  const names = first !== "" && first !== "v1" && first !== "openai";
  if (names && (second === "v1" || second === "openai" || second === "raw"))
    throw problem("endpoint_unknown", { endpoint: first, known: [...endpoints.keys()] });
  return { by: "model", path: afterBase(path), query };
}
