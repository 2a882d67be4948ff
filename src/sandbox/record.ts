import type { IncomingMessage } from "node:http";
import type { Credentials } from "./credentials.ts";
import { clientOf, tokenIn, type Verified } from "./verify.ts";

/** One request as it arrived at the sandbox, and how it went. */
export interface Arrived {
  readonly method: string;
  /** The request target as it was sent. */
  readonly target: string;
  /** As they were sent, in order; of a credential only `[right]` or `[wrong]`. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly client: Verified["client"];
  /** Once the whole body is here. */
  body?: { readonly bytes: number; readonly sha256: string };
  /** Once it is over: answered in full, left by the client before that, or broken off as `break-after` asked. */
  ended?: "complete" | "client-left" | "broken";
}

/** The newest requests, up to `most`; older ones are forgotten. */
export class Arrivals {
  readonly list: Arrived[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  note(request: IncomingMessage, credentials: Credentials): Arrived {
    const arrived: Arrived = {
      method: request.method ?? "",
      target: request.url ?? "",
      rawHeaders: redact(request.rawHeaders, credentials),
      client: clientOf(request),
    };
    this.list.push(arrived);
    if (this.list.length > this.#most) this.list.shift();
    return arrived;
  }
}

/** Headers that carry credentials, by their names in lower case with dashes. */
const holdsCredential = new Set(["authorization", "proxy-authorization", "api-key", "x-api-key", "cookie"]);

function redact(rawHeaders: readonly string[], { tokens }: Credentials): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = "", value = ""] = rawHeaders.slice(i, i + 2);
    const plain = name.toLowerCase().replaceAll("_", "-");
    const right = plain === "authorization" && tokenIn(value, tokens) !== undefined;
    pairs.push([name, holdsCredential.has(plain) ? (right ? "[right]" : "[wrong]") : value]);
  }
  return pairs;
}
