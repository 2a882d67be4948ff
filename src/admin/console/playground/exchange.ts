import { signal, type Signal } from "@preact/signals";
import type { ApiError } from "../api-error.ts";

/**
 * Where a reply stands: it is waited for, it comes, it is whole, somebody stopped it, it broke off in its middle, or it
 * was refused.
 */
export type State = "waiting" | "coming" | "whole" | "stopped" | "broken" | "refused";

/** What went wrong with a reply, and who says so. */
export interface Trouble {
  readonly by: "gateway" | "endpoint";
  readonly error: ApiError;
}

/** When it happened, in milliseconds of the page's clock, and what it took. */
export interface Figures {
  readonly sentMs: number;
  readonly firstTokenMs?: number;
  readonly endedMs?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

/** What the model said to one question. */
export interface Reply {
  readonly state: State;
  readonly text: string;
  /** What a reasoning model thought before it spoke. */
  readonly thoughts: string;
  readonly figures: Figures;
  readonly requestId?: string;
  readonly trouble?: Trouble;
  /** It reached the length that it was allowed. */
  readonly cutShort?: boolean;
}

/** A question and its reply. */
export interface Exchange {
  readonly number: number;
  readonly question: string;
  readonly endpoint: string;
  readonly model: string;
  readonly reply: Signal<Reply>;
}

export const beginReply = (sentMs: number): Signal<Reply> =>
  signal<Reply>({ state: "waiting", text: "", thoughts: "", figures: { sentMs } });

export const isOver = ({ state }: Reply): boolean => state !== "waiting" && state !== "coming";

/** An answer that came faster came in one piece: it has no speed. */
const leastSeconds = 0.02;

/** Tokens per second behind the first one; undefined where the endpoint did not count, or they came all at once. */
export function tokensPerSecond({ firstTokenMs, endedMs, outputTokens }: Figures): number | undefined {
  if (firstTokenMs === undefined || endedMs === undefined || outputTokens === undefined) return undefined;
  const seconds = (endedMs - firstTokenMs) / 1000;
  return outputTokens > 1 && seconds >= leastSeconds ? (outputTokens - 1) / seconds : undefined;
}
