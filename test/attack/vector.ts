import type { Code } from "../../src/errors/catalogue.ts";

/** What becomes of one request of a vector. */
export type Verdict =
  /** It reaches the endpoint, whole; `line` is its method and target there. */
  | { readonly kind: "passes"; readonly line: string; readonly body: string }
  /** Its end is in doubt: the gateway answers, and closes the connection; nothing of it, or behind it, goes on. */
  | { readonly kind: "refused"; readonly code: Code }
  /** The gateway answers it; the connection may go on. With `undefined` any error of ours will do. */
  | { readonly kind: "declined"; readonly code: Code | undefined }
  /** It began to reach the endpoint before its fault showed: both connections end inside it. */
  | { readonly kind: "broken"; readonly line: string };

/** Bytes that somebody sends on one connection, and all that may come of them. */
export interface Vector {
  /** Latin-1 text. A marker request is sent right behind it, in the same packet. */
  readonly sends: string;
  /** One verdict for each request that the gateway may see in it. */
  readonly comes: readonly Verdict[];
  /** The gateway closes the connection behind the last answer although it refused nothing. */
  readonly closes?: true;
  /** The message is not complete: in the marker's place, the client closes its side. */
  readonly stops?: true;
}

/** Vectors by what they try. */
export type Vectors = Readonly<Record<string, Vector>>;

/** The request that `line` says (with the path behind the endpoint's base) reaches the endpoint with this body. */
export function passes(line: string, body = ""): Verdict {
  const [method, path = ""] = line.split(" ");
  return { kind: "passes", line: `${method} /openai/v1${path}`, body };
}

/** The request reaches a path of the endpoint's origin that `/raw` names. */
export const passesRaw = (line: string): Verdict => ({ kind: "passes", line, body: "" });

/** By default, the error for what is no HTTP request, or could be read as two different ones. */
export const refused = (code: Code = "request_headers_invalid"): Verdict => ({ kind: "refused", code });

export const declined = (code?: Code): Verdict => ({ kind: "declined", code });

export const broken = (line: string): Verdict => {
  const [method, path = ""] = line.split(" ");
  return { kind: "broken", line: `${method} /openai/v1${path}` };
};

/** A request's bytes. */
export const request = (line: string, headers: readonly string[] = [], body = ""): string =>
  [`${line} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n") + body;

/** A GET of the endpoint `private` with these headers. */
export const get = (...headers: readonly string[]): string => request("GET /private/v1/first", headers);

/** A POST to the endpoint `private` with these headers, which say how its body is framed. */
export const post = (headers: readonly string[], body: string): string =>
  request("POST /private/v1/first", headers, body);

/** A chunked POST with these bytes as its body. */
export const chunks = (body: string, ...headers: readonly string[]): string =>
  post(["Transfer-Encoding: chunked", ...headers], body);

/** A well-formed request that must stay hidden in the one before it. */
export const hidden = request("GET /private/v1/hidden");
