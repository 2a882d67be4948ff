import type { PosternError } from "../../errors.ts";

/** Whom a reply tells what becomes of it. */
export interface ReplyEvents {
  /** The client takes more again. */
  drained(): void;
  /** The rest of the request will not come, or is not taken. */
  refused(error: PosternError): void;
  /** It is over: `whole` when the client's side has taken all of it, else the client is gone. Told once. */
  closed(whole: boolean): void;
}

/** The way back to a local client: one answer. */
export interface Reply {
  /** Whether any of the answer has been given to it. */
  readonly begun: boolean;
  /** The client is gone. */
  readonly gone: boolean;
  /** Whether it takes chunks in their framing, by `framed`, beside their content. */
  readonly takesFramed: boolean;
  /** What the headers of the answer go through, those of an error of ours included. */
  amend: ((headers: readonly string[]) => readonly string[]) | undefined;
  watch(events: ReplyEvents): void;
  /** A 1xx answer. */
  inform(status: number, headers: readonly string[]): void;
  /** The answer's head; `headers` are names and values in turn, and none that frames the body but Content-Length. */
  begin(status: number, reason: string, headers: readonly string[]): void;
  /** Bytes of the body. They leave with the next `flush`. */
  data(part: Buffer): void;
  /** Whole chunks of the body as they came: `size CRLF data CRLF`, one or several. */
  framed(chunks: Buffer): void;
  /** Sends what was given so far. Returns whether the client takes more now; if not, `drained` follows. */
  flush(): boolean;
  /** The answer is whole. `trailers` are pairs of name and value. */
  end(trailers: readonly [string, string][]): void;
  /** Ends the connection, so that the client sees that the answer is not whole. */
  breakOff(): void;
  /** Answers with an error of ours, with `headers` beside its own. Nothing of the answer may have begun. */
  refuse(error: PosternError, requestId: string, headers: readonly string[]): void;
}
