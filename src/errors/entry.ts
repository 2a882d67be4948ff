import { similar } from "../config/similar.ts";

/** OpenAI's `error.type` values that clients tell apart. */
type ErrorType =
  | "invalid_request_error"
  | "authentication_error"
  | "permission_error"
  | "rate_limit_error"
  | "api_error";

/** What is wrong, and the way out: both in lower case, without a full stop at the end. */
export type Words = readonly [message: string, hint: string];

/** One error: how it is answered, and what it says of the details `D`. */
export interface Entry<D> {
  /** The HTTP status when a request meets this error. */
  readonly status: number;
  readonly type: ErrorType;
  /** Whether the same request can succeed later without anybody changing anything (`x-should-retry`). */
  readonly retry: boolean;
  /** The exit status when a command meets this error: 1 failure, 2 wrong usage or configuration. */
  readonly exit: 1 | 2;
  readonly says: (details: D) => Words;
  /** Response headers that belong to the error: names and values in turn. */
  readonly headers?: (details: D) => readonly string[];
}

/** The request itself is at fault. */
export const wrongRequest = <D>(status: number, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "invalid_request_error",
  retry: false,
  exit: 2,
  says,
});

/** The request is understood, and not allowed. */
export const refused = <D>(status: number, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "permission_error",
  retry: false,
  exit: 1,
  says,
});

/** The endpoint's credential is missing, or cannot be used: nothing is sent. */
export const credential = <D>(says: Entry<D>["says"]): Entry<D> => ({
  status: 503,
  type: "authentication_error",
  retry: false,
  exit: 1,
  says,
});

/** The endpoint failed, or could not be reached. */
export const upstream = <D>(status: number, retry: boolean, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "api_error",
  retry,
  exit: 1,
  says,
});

/** Nothing that a request can do about: of a command, or of the process itself. */
export const failure = <D>(exit: 1 | 2, says: Entry<D>["says"]): Entry<D> => ({
  status: 500,
  type: "api_error",
  retry: false,
  exit,
  says,
});

/** What was asked of the vault cannot be: of a command, or of the admin listener's API. */
export const unfit = <D>(status: 400 | 404 | 409, exit: 1 | 2, says: Entry<D>["says"]): Entry<D> => ({
  status,
  type: "invalid_request_error",
  retry: false,
  exit,
  says,
});

/** The caller has not said who it is. */
export const unauthorized = (says: Entry<undefined>["says"]): Entry<undefined> => ({
  status: 401,
  type: "authentication_error",
  retry: false,
  exit: 1,
  says,
  // RFC 9110 §11.6.1 asks for it.
  headers: () => ["WWW-Authenticate", 'Bearer realm="postern"'],
});

/** Whole seconds to wait, at least one. */
export const secondsOf = (ms: number): number => Math.max(Math.ceil(ms / 1000), 1);

/** The way out for a name that is none of `known`: the one that was meant, or all of them. */
export function meant(name: string, known: readonly string[], what: string): string {
  const near = similar(name, known);
  return near === undefined ? `the ${what} are: ${list(known, "none")}` : `did you mean "${near}"?`;
}

/** Names in one line; `none` where there are none. */
export const list = (names: readonly string[], none: string): string =>
  names.length > 0 ? names.join(", ") : none;
