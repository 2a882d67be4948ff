import { catalogue, type Code, type Details } from "./errors/catalogue.ts";
import type { Entry, Words } from "./errors/entry.ts";

/** An error of the catalogue, with the words for this case. */
export class PosternError extends Error {
  override readonly name = "PosternError";
  readonly code: Code;
  readonly hint: string;
  readonly status: number;
  readonly type: string;
  readonly retry: boolean;
  readonly exit: 1 | 2;
  /** The request's parameter at fault, for OpenAI's `error.param`. */
  readonly param: string | null;

  /** Response headers that belong to it: names and values in turn. */
  readonly headers: readonly string[];

  constructor(code: Code, [message, hint]: Words, cause?: unknown, headers: readonly string[] = []) {
    super(message, cause === undefined ? undefined : { cause });
    const entry = catalogue[code];
    this.code = code;
    this.hint = hint;
    this.status = entry.status;
    this.type = entry.type;
    this.retry = entry.retry;
    this.exit = entry.exit;
    this.headers = headers;
    this.param = code.startsWith("model_") ? "model" : null;
  }

  /** The same error, of this parameter of a request. */
  of(param: string): PosternError {
    const error = new PosternError(this.code, [this.message, this.hint], this.cause, this.headers);
    return Object.assign(error, { param });
  }
}

/** Makes the error `code` for these details; `cause` is kept for debugging and never shown. */
export function problem<C extends Code>(code: C, details: Details<C>, cause?: unknown): PosternError {
  const { says, headers } = catalogue[code] as unknown as Entry<Details<C>>;
  return new PosternError(code, says(details), cause, headers?.(details));
}

/** The OpenAI-shaped body of an error. SDKs show only `message`, so the way out is part of it. */
export function errorBody(error: PosternError): string {
  const { type, param, code } = error;
  return JSON.stringify({ error: { message: `${error.message} (${error.hint})`, type, param, code } });
}

/** What was thrown, as an error of the catalogue: itself where it is one, else `internal`. */
export const asProblem = (thrown: unknown): PosternError =>
  thrown instanceof PosternError ? thrown : problem("internal", { reason: reasonOf(thrown) }, thrown);

/** What a system call or a library said, in one line: for the `reason` of an error. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const known: Record<string, string> = {
    ENOENT: "there is no such file",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EISDIR: "it is a folder",
    EEXIST: "something else has this name already",
    ENOTDIR: "a part of its path is not a folder",
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset",
    EPIPE: "connection closed",
    EHOSTUNREACH: "no route to the host",
    ETIMEDOUT: "the network gave no answer",
    ENETUNREACH: "no route to the network",
    ENOSPC: "the disk is full",
    EROFS: "the file system is read-only",
  };
  const code = (error as NodeJS.ErrnoException).code;
  return (code !== undefined && known[code]) || (error.message.split("\n", 1)[0] ?? "unknown");
}
